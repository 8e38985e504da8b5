/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gdb's half of a conversation, whatever it says: the process that it describes is opened and
 * analysed, or refused with a text. The input is what is read from gdb, from the first frame on.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#include "facts/facts.h"
#include "source/gdb_numbers.h"
#include "source/gdb_pipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(enum ct_status status, const char *what, const struct ct_error *err)
{
	if (!status)
		return;
	fprintf(stderr, "%s failed: %s\n", what, err->text);
	abort();
}

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("gdb", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET))
		abort();
	return fd;
}

static void analyse(struct ct_source source, unsigned wants, FILE *out)
{
	const struct ct_options options = {.sysroot = "/nonexistent", .no_debuginfod = true};
	const struct ct_plan plan = {.wants = wants};
	struct ct_document *document;
	struct ct_target *target;
	struct ct_facts *facts;
	struct ct_error err = {0};

	must(ct_target_open(source, &options, &target, &err), "target", &err);
	must(ct_observe(target, &plan, &facts, &err), "observe", &err);
	facts->say_numbers = true;
	must(ct_detect(facts, NULL, &document, &err), "detect", &err);
	must(ct_write(document, "text", out, &err), "text", &err);
	ct_document_free(document);
	ct_facts_free(facts);
	ct_target_close(target);
}

/* A core without anything, to be numbered. */
static enum ct_status no_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	(void)self;
	(void)cur;
	(void)ret;
	return CT_DONE;
}

static void close_nothing(void *self)
{
	(void)self;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ct_source_ops empty = {
		.name = "core", .next_thread = no_thread, .close = close_nothing};
	int in = file_of(data, size), nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	FILE *out = fopen("/dev/null", "w");
	struct ct_source source;
	struct ct_error err = {0};
	struct ct_pipe pipe;

	if (nowhere < 0 || !out)
		abort();
	ct_pipe_init(&pipe, in, nowhere);
	if (!ct_gdb_open(&pipe, 0, &source, &err))
		analyse(source, size % 2 ? CT_WANT_STACKS | CT_WANT_NAMES : 0, out);
	else if (!*err.text)
		abort();
	ct_pipe_free(&pipe);

	lseek(in, 0, SEEK_SET);
	ct_pipe_init(&pipe, in, nowhere);
	source = (struct ct_source){&empty, NULL};
	if (!ct_gdb_number(&pipe, &source, &err))
		source.ops->close(source.self);
	ct_pipe_free(&pipe);
	fclose(out);
	close(nowhere);
	close(in);
	return 0;
}
