/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation of which gdb's half is written down beforehand, and what becomes of it. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "arch/arch.h"
#include "source/gdb_numbers.h"
#include "source/gdb_pipe.h"

#define STACK  UINT64_C(0x7f0000001000)
#define PAGE   UINT64_C(4096)
#define ALL_ON UINT64_MAX

/* gdb's half: frames one behind the other, in a file. */
struct script {
	uint8_t bytes[64 << 10];
	size_t len, frame; /* where the frame at hand begins */
};

static void put(struct script *s, const void *bytes, size_t len)
{
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
}

static void put32(struct script *s, uint32_t value)
{
	put(s, &value, sizeof(value));
}

static void put64(struct script *s, uint64_t value)
{
	put(s, &value, sizeof(value));
}

static void put_text(struct script *s, const char *text)
{
	uint16_t len = (uint16_t)strlen(text);

	put(s, &len, sizeof(len));
	put(s, text, len);
}

static void begin_frame(struct script *s, uint32_t type, uint64_t value)
{
	s->frame = s->len;
	put32(s, type);
	put32(s, 0);
	put64(s, value);
}

static void end_frame(struct script *s)
{
	uint32_t length = (uint32_t)(s->len - s->frame - 16);

	memcpy(s->bytes + s->frame + 4, &length, sizeof(length));
}

static void put_thread(struct script *s, uint64_t lwp, uint32_t flags, uint64_t known,
	const char *number, unsigned n_regs)
{
	put64(s, lwp);
	put64(s, known);
	put32(s, flags);
	put_text(s, number);
	put_text(s, lwp % 2 ? "worker" : "");
	for (unsigned i = 0; i < n_regs; i++)
		put64(s, i == ct_arch_x86_64.sp ? STACK + 64 : 1000 * lwp + i);
}

static void put_map(struct script *s, uint64_t start, uint64_t end, uint32_t prot, const char *path)
{
	put64(s, start);
	put64(s, end);
	put64(s, PAGE);
	put32(s, prot);
	put_text(s, path);
}

static void put_process(struct script *s, const char *arch)
{
	static const char facts[] = "\0pid=42\0exe=/bin/x\0odd\0=\0still=1\0path=process 42";

	begin_frame(s, CT_PIPE_ANSWER, 0);
	put(s, arch, strlen(arch));
	put(s, facts, sizeof(facts));
	end_frame(s);
}

/* Threads 7 (stopped) and 8 (of these flags), in two answers. */
static void put_threads(struct script *s, uint32_t flags)
{
	for (uint64_t i = 0; i < 2; i++) {
		begin_frame(s, CT_PIPE_ANSWER, 2);
		put_thread(s, 7 + i, i ? flags : 1, ALL_ON, i ? "2.1" : "3", ct_arch_x86_64.n_regs);
		end_frame(s);
	}
}

static void put_maps(struct script *s)
{
	begin_frame(s, CT_PIPE_ANSWER, 3);
	put_map(s, 0x400000, 0x402000, PROT_READ | PROT_EXEC, "/bin/x");
	put_map(s, STACK, STACK + 2 * PAGE, UINT32_MAX, "[stack]");
	put_map(s, STACK + 2 * PAGE, STACK + 3 * PAGE, PROT_NONE, "");
	end_frame(s);
}

static void put_auxv(struct script *s)
{
	begin_frame(s, CT_PIPE_ANSWER, 0);
	put64(s, AT_ENTRY);
	put64(s, 0x400100);
	put32(s, 7); /* half an entry: no entry */
	end_frame(s);
}

/*
 * The answer to the first READ: the two pages where the threads' descriptors are cannot be had, the
 * two of the stack can.
 */
static void put_memory(struct script *s)
{
	uint8_t pages[2 * PAGE];

	memset(pages, 0x5a, sizeof(pages));
	begin_frame(s, CT_PIPE_ANSWER, 0);
	put32(s, 0);
	put32(s, sizeof(pages));
	put(s, pages, sizeof(pages));
	end_frame(s);
}

static struct script *script_new(void)
{
	return calloc(1, sizeof(struct script));
}

struct talk {
	struct ct_pipe pipe;
	int in, out;
};

static void talk_begin(struct talk *t, const struct script *s)
{
	t->in = memfd_create("gdb", MFD_CLOEXEC);
	t->out = memfd_create("us", MFD_CLOEXEC);
	assert_int_equal(write(t->in, s->bytes, s->len), s->len);
	assert_int_equal(lseek(t->in, 0, SEEK_SET), 0);
	ct_pipe_init(&t->pipe, t->in, t->out);
}

static void talk_end(struct talk *t)
{
	ct_pipe_free(&t->pipe);
	close(t->in);
	close(t->out);
}

/* Opens a source out of the script, which is freed. */
static enum ct_status open_script(
	struct script *s, struct talk *t, struct ct_source *source, struct ct_error *err)
{
	*err = (struct ct_error){0};
	talk_begin(t, s);
	free(s);
	return ct_gdb_open(&t->pipe, 0, source, err);
}

static struct script *good_script(uint32_t flags)
{
	struct script *s = script_new();

	put_process(s, "arch=i386:x86-64");
	put_threads(s, flags);
	put_maps(s);
	put_auxv(s);
	put_memory(s);
	return s;
}

static void a_process_is_read(void **state)
{
	struct ct_source source;
	struct ct_process process;
	struct ct_thread thread;
	struct ct_map map;
	struct ct_error err;
	struct talk t;
	size_t cur = 0;
	uint64_t value;
	uint32_t word;

	(void)state;
	assert_int_equal(open_script(good_script(1), &t, &source, &err), CT_OK);
	assert_int_equal(source.ops->process(source.self, &process), CT_OK);
	assert_ptr_equal(process.arch, &ct_arch_x86_64);
	assert_int_equal(process.pid, 42);
	assert_string_equal(process.exe, "/bin/x");
	assert_string_equal(process.path, "process 42");
	assert_null(process.comm);
	assert_true(process.still && process.all_threads && !process.damage);

	assert_int_equal(source.ops->next_thread(source.self, &cur, &thread), CT_OK);
	assert_int_equal(thread.lwp, 7);
	assert_string_equal(thread.number, "3");
	assert_string_equal(thread.name, "worker");
	assert_true(thread.stopped);
	assert_int_equal(ct_reg(thread.regs, ct_arch_x86_64.pc), 7000 + ct_arch_x86_64.pc);
	assert_int_equal(thread.regs->known, (UINT64_C(1) << ct_arch_x86_64.n_regs) - 1);
	assert_int_equal(source.ops->next_thread(source.self, &cur, &thread), CT_OK);
	assert_string_equal(thread.number, "2.1");
	assert_null(thread.name);
	assert_int_equal(source.ops->next_thread(source.self, &cur, &thread), CT_DONE);

	cur = 1;
	assert_int_equal(source.ops->next_map(source.self, &cur, &map), CT_OK);
	assert_true(map.start == STACK && map.present == 2 * PAGE && map.prot == -1);
	assert_null(map.path);
	assert_int_equal(source.ops->next_map(source.self, &cur, &map), CT_OK);
	assert_true(map.present == 0 && map.prot == PROT_NONE && map.file_offset == PAGE);

	assert_int_equal(source.ops->auxv(source.self, AT_ENTRY, &value), CT_OK);
	assert_true(value == 0x400100);
	assert_int_equal(source.ops->auxv(source.self, AT_PHDR, &value), CT_NOT_FOUND);
	assert_int_equal(source.ops->read(source.self, STACK + 8, &word, 4), CT_OK);
	assert_int_equal(word, 0x5a5a5a5a);
	assert_int_equal(source.ops->read(source.self, STACK + 2 * PAGE - 4, &word, 4), CT_OK);
	/* Nobody is there any more. */
	assert_int_equal(source.ops->read(source.self, 0x400000, &word, 4), CT_FAULT);
	source.ops->close(source.self);
	talk_end(&t);
}

static void a_running_thread_makes_it_moving(void **state)
{
	struct ct_source source;
	struct ct_process process;
	struct ct_thread thread;
	struct ct_error err;
	struct talk t;
	size_t cur = 1;

	(void)state;
	struct script *s = good_script(0);
	assert_int_equal(open_script(s, &t, &source, &err), CT_OK);
	assert_int_equal(source.ops->process(source.self, &process), CT_OK);
	assert_false(process.still);
	assert_int_equal(source.ops->next_thread(source.self, &cur, &thread), CT_OK);
	assert_false(thread.stopped);
	source.ops->close(source.self);
	talk_end(&t);
}

static void assert_refused(struct script *s, enum ct_status status, const char *word)
{
	struct ct_source source;
	struct ct_error err;
	struct talk t;

	assert_int_equal(open_script(s, &t, &source, &err), status);
	if (!strstr(err.text, word))
		fail_msg("'%s' has no '%s'", err.text, word);
	talk_end(&t);
}

static struct script *with_threads(uint64_t total, unsigned records, unsigned n_regs)
{
	struct script *s = script_new();

	put_process(s, "arch=i386:x86-64");
	begin_frame(s, CT_PIPE_ANSWER, total);
	for (unsigned i = 0; i < records; i++)
		put_thread(s, i, 1, ALL_ON, "1", n_regs);
	end_frame(s);
	return s;
}

static struct script *with_maps(uint64_t first, uint64_t last, uint64_t total)
{
	struct script *s = with_threads(0, 0, 0);

	begin_frame(s, CT_PIPE_ANSWER, total);
	put_map(s, first, first + PAGE, PROT_READ, "");
	put_map(s, last, last + PAGE, PROT_READ, "");
	end_frame(s);
	return s;
}

static void what_breaks_the_rules_is_refused(void **state)
{
	const unsigned n_regs = ct_arch_x86_64.n_regs;
	struct script *s;

	(void)state;
	assert_refused(script_new(), CT_IO, "gdb has gone");
	s = script_new();
	put_process(s, "arch=sparc");
	assert_refused(s, CT_UNSUPPORTED, "'sparc'");
	s = script_new();
	put_process(s, "noarch=x");
	assert_refused(s, CT_UNSUPPORTED, "''");
	s = script_new();
	begin_frame(s, CT_PIPE_FAIL, 0);
	put(s, "no \033[31msuch process", 21);
	end_frame(s);
	assert_refused(s, CT_IO, "gdb: no \\x1b[31msuch process");
	s = script_new();
	begin_frame(s, CT_PIPE_RUN, 0);
	assert_refused(s, CT_IO, "type 16");
	s = script_new();
	put32(s, CT_PIPE_ANSWER);
	put32(s, CT_PIPE_MAX_PAYLOAD + 1);
	put64(s, 0);
	assert_refused(s, CT_IO, "are the most");
	s = script_new();
	put32(s, CT_PIPE_ANSWER);
	put32(s, 100);
	put64(s, 0);
	assert_refused(s, CT_IO, "middle of a frame");
	s = script_new();
	put32(s, CT_PIPE_ANSWER);
	assert_refused(s, CT_IO, "middle of a frame");

	assert_refused(with_threads(1, 0, 0), CT_IO, "threads is no such thing");
	assert_refused(with_threads(UINT64_MAX, 1, n_regs), CT_IO, "threads is no such thing");
	assert_refused(with_threads(1, 1, n_regs - 1), CT_IO, "threads is no such thing");
	assert_refused(with_threads(2, 1, n_regs), CT_IO, "gdb has gone");
	assert_refused(with_maps(0x5000, 0x4000, 2), CT_IO, "maps is no such thing");
	assert_refused(with_maps(0x5000, 0x5000, 2), CT_IO, "maps is no such thing");
	assert_refused(with_maps(UINT64_MAX - 1, 0, 2), CT_IO, "maps is no such thing");
	assert_refused(with_maps(0x5000, 0x6000, UINT64_MAX), CT_IO, "maps is no such thing");
	assert_refused(with_maps(0x5000, 0x6000, 2), CT_IO, "gdb has gone");
}

/* The last frame of a good conversation is short of a byte, has one length too many, lies. */
static void memory_that_is_none_ends_the_conversation(void **state)
{
	static const uint32_t lengths[] = {8191, 8193, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(lengths); i++) {
		struct script *s = good_script(1);
		struct ct_source source;
		struct ct_process process;
		struct ct_error err;
		struct talk t;
		uint32_t word;

		memcpy(s->bytes + s->frame + 20, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(open_script(s, &t, &source, &err), CT_OK);
		assert_int_equal(source.ops->read(source.self, STACK, &word, 4), CT_FAULT);
		assert_int_equal(source.ops->process(source.self, &process), CT_OK);
		assert_string_equal(process.damage, "gdb's answer about memory is no such thing");
		source.ops->close(source.self);
		talk_end(&t);
	}
}

static enum ct_status three_threads(void *self, size_t *cur, struct ct_thread *ret)
{
	*ret = (struct ct_thread){.lwp = 7 + *cur};
	(void)self;
	return (*cur)++ < 3 ? CT_OK : CT_DONE;
}

static void count_close(void *self)
{
	++*(int *)self;
}

static void a_cores_threads_get_numbers(void **state)
{
	static const char *const wanted[] = {"3", "2.1", NULL};
	static const struct ct_source_ops ops = {
		.name = "core", .next_thread = three_threads, .close = count_close};
	struct script *s = script_new();
	int closed = 0;
	struct ct_source source = {&ops, &closed};
	struct ct_thread thread;
	struct ct_error err;
	struct talk t;
	size_t cur = 0;

	(void)state;
	begin_frame(s, CT_PIPE_ANSWER, 3);
	put_thread(s, 8, 1, 0, "2.1", 0);
	put_thread(s, 7, 1, 0, "3", 0);
	put_thread(s, 99, 0, 0, "4", 0);
	end_frame(s);
	talk_begin(&t, s);
	free(s);
	assert_int_equal(ct_gdb_number(&t.pipe, &source, &err), CT_OK);
	for (size_t i = 0; i < CT_COUNT(wanted); i++) {
		assert_int_equal(source.ops->next_thread(source.self, &cur, &thread), CT_OK);
		assert_int_equal(thread.lwp, 7 + i);
		if (wanted[i])
			assert_string_equal(thread.number, wanted[i]);
		else
			assert_null(thread.number);
	}
	assert_int_equal(source.ops->next_thread(source.self, &cur, &thread), CT_DONE);
	source.ops->close(source.self);
	assert_int_equal(closed, 1);
	/* Nothing more comes: the core is closed. */
	source = (struct ct_source){&ops, &closed};
	assert_int_equal(ct_gdb_number(&t.pipe, &source, &err), CT_IO);
	assert_int_equal(closed, 2);
	talk_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_read),
		cmocka_unit_test(a_running_thread_makes_it_moving),
		cmocka_unit_test(what_breaks_the_rules_is_refused),
		cmocka_unit_test(memory_that_is_none_ends_the_conversation),
		cmocka_unit_test(a_cores_threads_get_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
