/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole way from the bytes of a core to the reports. Whatever the bytes are, all steps must
 * succeed, close what they open, and use neither much time nor much memory.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "observe/explain.h"
#include "source/core_open.h"
#include "target/modules.h"

#define ALL_WANTS                                                                                  \
	(CT_WANT_STACKS | CT_WANT_LINES | CT_WANT_HELD | CT_WANT_NAMES | CT_WANT_ARGS | CT_WANT_ENV)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An empty directory: no file of this machine is ever the one that a core names. */
static char root[] = "/tmp/fuzz-root-XXXXXX";
static FILE *sink;

static void remove_root(void)
{
	rmdir(root);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	sink = fopen("/dev/null", "w");
	if (!sink || !mkdtemp(root))
		abort();
	atexit(remove_root);
	return 0;
}

static void must(enum ct_status status, const char *what, const struct ct_error *err)
{
	if (!status)
		return;
	fprintf(stderr, "%s failed: %s\n", what, err->text);
	abort();
}

/* What ct_core_open() makes sure of. */
static int core_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("core", MFD_CLOEXEC);
	Elf64_Ehdr ehdr;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	memcpy(&ehdr, data, sizeof(ehdr));
	memcpy(ehdr.e_ident, ELFMAG, SELFMAG);
	ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr.e_type = ET_CORE;
	if (ehdr.e_machine != EM_AARCH64)
		ehdr.e_machine = EM_X86_64;
	if (pwrite(fd, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr))
		abort();
	return fd;
}

static void explain(struct ct_target *target, const struct ct_facts *facts, uint64_t addr)
{
	const struct ct_explanation *rows;
	struct ct_arena arena;
	uint32_t n;

	ct_arena_init(&arena);
	must(ct_explain(target, facts, addr, &arena, &rows, &n), "explain", NULL);
	ct_arena_free(&arena);
}

static void report(struct ct_target *target, const struct ct_plan *plan)
{
	static const char *const formats[] = {"text", "json", "ndjson", "dot"};
	struct ct_document *document;
	struct ct_error err = {0};
	struct ct_facts *facts;

	must(ct_observe(target, plan, &facts, &err), "observe", &err);
	must(ct_detect(facts, NULL, &document, &err), "detect", &err);
	for (size_t i = 0; i < CT_COUNT(formats); i++)
		must(ct_write(document, formats[i], sink, &err), formats[i], &err);
	explain(target, facts, plan->address);
	for (uint32_t i = 0; i < facts->n_resources && i < 4; i++)
		explain(target, facts, facts->resources[i].address);
	ct_document_free(document);
	ct_facts_free(facts);
}

/* Descriptors are given out lowest first, so that a lost one shows. */
static int next_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ct_options options = {.sysroot = root, .no_debuginfod = true};
	struct ct_plan plan = {0};
	struct ct_error err = {0};
	struct ct_target *target;
	struct ct_source source;
	int before = next_fd();

	if (size < sizeof(Elf64_Ehdr) + sizeof(plan.address))
		return 0;
	memcpy(&plan.address, data + size - sizeof(plan.address), sizeof(plan.address));
	int fd = core_of(data, size);
	must(ct_core_from_fd(fd, "core", NULL, &source, &err), "open", &err);
	close(fd);
	must(ct_target_open(source, &options, &target, &err), "target", &err);
	report(target, &plan);
	/* The low bit: also memory that is searched only when somebody asks for it. */
	plan.wants = ALL_WANTS | (plan.address & 1 ? CT_WANT_WHOLE : 0);
	for (size_t i = 0; i < ct_target_n_modules(target); i++)
		ct_module_load_debug(target, ct_target_module(target, i));
	report(target, &plan);
	ct_target_close(target);
	if (next_fd() != before) {
		fprintf(stderr, "a descriptor stays open\n");
		abort();
	}
	return 0;
}
