/* SPDX-License-Identifier: Apache-2.0 */
/* Where fields are by type descriptors made by hand, and by what memory has where they may be. */
#include "fake_target.h"
#include "go_code.h"
#include "runtime/go/layout.h"
#include "runtime/go/types.h"

#define TYPES  DATA
#define FIELDS (DATA + 0x400)
#define TEXT   (DATA + 0x600)
#define END    (DATA + 0x800)
#define MODULE (DATA + 0xc00)
#define G      (DATA + 0x800)
#define G_STEP 0x80
#define STACK  (DATA + 0xa00)

static const struct ct_module module = {.start = DATA, .end = DATA_END};

struct scene {
	struct go_code code;
	struct ct_go go;
	struct ct_go_fitting f;
	uint64_t next_type, next_field, next_text;
};

static void word(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

static void begin(struct scene *s, struct ct_target *target)
{
	*s = (struct scene){.next_type = TYPES, .next_field = FIELDS, .next_text = TEXT};
	code_begin(&s->code);
	s->code.table.moduledata = MODULE;
	s->go = (struct ct_go){.target = target,
		.module = &module,
		.version = {.major = 1, .minor = 31, .text = "go1.31"},
		.tables = {&s->code.table, 1}};
	memset(s->go.layout.offset, 0xff, sizeof(s->go.layout.offset));
	s->f.go = &s->go;
}

/* ---- type descriptors ---- */

/* A name: flags, length, text. Returns its address. */
static uint64_t name(struct scene *s, const char *text)
{
	uint64_t at = s->next_text;
	uint8_t head[2] = {0, (uint8_t)strlen(text)};

	put(at, head, sizeof(head));
	put(at + 2, text, strlen(text));
	s->next_text += 2 + strlen(text);
	return at;
}

/* A struct of that name ("*main.order") and package; n fields are to follow. */
static uint64_t type(
	struct scene *s, const char *text, const char *package, uint64_t size, uint32_t n)
{
	uint64_t at = s->next_type;
	const uint8_t star = 2, kind = CT_GO_KIND_STRUCT;
	uint32_t offset = (uint32_t)(name(s, text) - TYPES);

	word(at, size);
	put(at + 20, &star, 1);
	put(at + 23, &kind, 1);
	put(at + 40, &offset, sizeof(offset));
	word(at + 48, name(s, package));
	word(at + 56, s->next_field);
	word(at + 64, n);
	s->next_type += 80;
	return at;
}

static void field(struct scene *s, const char *text, uint64_t of, uint64_t offset)
{
	word(s->next_field, name(s, text));
	word(s->next_field + 8, of);
	word(s->next_field + 16, offset);
	s->next_field += 24;
}

/* runtime.g as no version has it, behind a type of the program's with its name. */
static void add_types(struct scene *s)
{
	(void)type(s, "*runtime.g", "example.org/runtime", 512, 1);
	field(s, "atomicstatus", 0, 400);
	uint64_t stack = type(s, "*runtime.stack", "runtime", 16, 2);
	field(s, "lo", 0, 0);
	field(s, "hi", 0, 8);
	(void)type(s, "*runtime.g", "runtime", 496, 3);
	field(s, "stack", stack, 48);
	field(s, "atomicstatus", 0, 200);
	field(s, "goid", 0, 208);
}

static void assert_told(const struct scene *s)
{
	static const struct {
		enum ct_go_field field;
		uint32_t offset;
	} rows[] = {{CT_GO_G_STACK_LO, 48}, {CT_GO_G_STACK_HI, 56}, {CT_GO_G_ATOMICSTATUS, 200},
		{CT_GO_G_GOID, 208}, {CT_GO_G_SIZE, 496}, {CT_GO_G_LABELS, CT_GO_ABSENT}};

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		assert_int_equal(s->go.layout.offset[rows[i].field], rows[i].offset);
		assert_int_equal(s->f.how[rows[i].field], CT_GO_TOLD);
	}
	/* There is no descriptor of runtime.m. */
	assert_int_equal(s->go.layout.offset[CT_GO_M_PROCID], 72);
	assert_int_equal(s->f.how[CT_GO_M_PROCID], CT_GO_GUESSED);
}

static void fields_by_types(void **state)
{
	struct scene s;

	begin(&s, *state);
	add_types(&s);
	s.go.layout.offset[CT_GO_MODULEDATA_TYPES] = 0;
	s.go.layout.offset[CT_GO_MODULEDATA_ETYPES] = 8;
	s.go.layout.offset[CT_GO_G_LABELS] = 300; /* a neighbour has them */
	s.go.layout.offset[CT_GO_M_PROCID] = 72;
	word(MODULE, TYPES);
	word(MODULE + 8, END);
	assert_true(ct_go_layout_by_types(&s.f));
	assert_told(&s);
}

/* Other words of moduledata say where the types are. */
static void moduledata_of_another_version(void **state)
{
	struct scene s;

	begin(&s, *state);
	add_types(&s);
	s.go.layout.offset[CT_GO_MODULEDATA_TYPES] = 0;
	s.go.layout.offset[CT_GO_MODULEDATA_ETYPES] = 8;
	s.go.layout.offset[CT_GO_M_PROCID] = 72;
	word(MODULE, TYPES + 8);
	word(MODULE + 24, TYPES);
	word(MODULE + 40, END);
	assert_true(ct_go_layout_by_types(&s.f));
	assert_told(&s);
}

static void no_types(void **state)
{
	struct scene s;

	begin(&s, *state);
	(void)type(&s, "*runtime.g", "example.org/runtime", 512, 1);
	field(&s, "atomicstatus", 0, 400);
	s.go.layout.offset[CT_GO_MODULEDATA_TYPES] = 0;
	s.go.layout.offset[CT_GO_MODULEDATA_ETYPES] = 8;
	word(MODULE, TYPES);
	word(MODULE + 8, END);
	assert_false(ct_go_layout_by_types(&s.f));
	for (uint32_t i = 0; i < CT_GO_N_FIELDS; i++)
		assert_int_equal(s.f.how[i], CT_GO_GUESSED);
}

/* ---- what memory has ---- */

enum {
	LOW = 0,
	HIGH = 8,
	GOID = 16,
	STATUS = 24,
	REASON = 28,
	SP = 32,
	PC = 40,
	START = 48,
	GOPC = 56
};

/* Goroutines that are parked in chanrecv(), by main.work. */
static void park(struct scene *s, struct ct_go_sample *sample, uint32_t n)
{
	static const char *const reasons[] = {"", "chan receive", "chan send"};
	static const struct {
		enum ct_go_field field;
		uint32_t offset;
	} rows[] = {{CT_GO_G_STACK_LO, LOW}, {CT_GO_G_STACK_HI, HIGH}, {CT_GO_G_GOID, GOID},
		{CT_GO_G_ATOMICSTATUS, STATUS}, {CT_GO_G_WAITREASON, REASON},
		{CT_GO_G_SCHED_SP, SP}, {CT_GO_G_SCHED_PC, PC}, {CT_GO_G_STARTPC, START},
		{CT_GO_G_GOPC, GOPC}};
	uint64_t gopark = code_add(&s->code, "runtime.gopark", 24);
	uint64_t receive = code_add(&s->code, "runtime.chanrecv", 40);
	uint64_t work = code_add(&s->code, "main.work", 16);

	for (size_t i = 0; i < CT_COUNT(rows); i++)
		s->go.layout.offset[rows[i].field] = rows[i].offset;
	s->go.reasons = (const char **)reasons;
	s->go.globals.n_reasons = CT_COUNT(reasons);
	*sample = (struct ct_go_sample){.go = &s->go, .n_g = n};
	for (uint32_t i = 0; i < n; i++) {
		uint64_t g = sample->g[i] = G + i * G_STEP, sp = STACK + i * 0x80;

		word(g + LOW, sp);
		word(g + HIGH, sp + 0x80);
		word(g + GOID, i + 1);
		word(g + STATUS, CT_GO_WAITING | UINT64_C(1) << 32);
		word(g + SP, sp);
		word(g + PC, gopark + 0x20);
		word(g + START, work);
		word(g + GOPC, work + 0x20);
		word(sp + 24, receive + 0x20);
	}
}

static void assert_evidence(
	const struct ct_go_sample *sample, ct_go_check *look, uint32_t agree, uint32_t differ)
{
	struct ct_go_evidence e = {0};

	look(sample, &e);
	assert_int_equal(e.agree, agree);
	assert_int_equal(e.differ, differ);
}

static void goroutines_as_they_are(void **state)
{
	struct scene s;
	struct ct_go_sample sample;

	begin(&s, *state);
	park(&s, &sample, 3);
	assert_evidence(&sample, ct_go_check_identity, 6, 0); /* and where they began */
	assert_evidence(&sample, ct_go_check_registers, 3, 0);
	assert_evidence(&sample, ct_go_check_reason, 3, 0);
	assert_int_equal(ct_go_parker_of(&s.go, G), CT_GO_PARKER_RECEIVE);
}

/* Each time one offset is that of something else. */
static void goroutines_as_they_are_not(void **state)
{
	struct scene s;
	struct ct_go_sample sample;

	begin(&s, *state);
	park(&s, &sample, 3);
	s.go.layout.offset[CT_GO_G_GOID] = STATUS; /* all have the same */
	assert_evidence(&sample, ct_go_check_identity, 4, 2);
	s.go.layout.offset[CT_GO_G_GOID] = GOID;
	s.go.layout.offset[CT_GO_G_STARTPC] = GOPC; /* in a function, not where it begins */
	assert_evidence(&sample, ct_go_check_identity, 3, 3);
	s.go.layout.offset[CT_GO_G_STARTPC] = START;
	s.go.layout.offset[CT_GO_G_SCHED_SP] = PC;
	assert_evidence(&sample, ct_go_check_registers, 0, 3);
	s.go.layout.offset[CT_GO_G_SCHED_SP] = SP;
	s.go.layout.offset[CT_GO_G_WAITREASON] = STATUS; /* 4: there is no such reason */
	assert_evidence(&sample, ct_go_check_reason, 0, 3);
	/* One that looks like another one of a panic. */
	s.go.layout.offset[CT_GO_G_PANIC] = PC;
	assert_evidence(&sample, ct_go_check_panic, 0, 3);
	s.go.layout.offset[CT_GO_G_SYSCALLSP] = SP;
	assert_evidence(&sample, ct_go_check_syscall, 0, 3);
	/* Where all are zeros nothing speaks for it, or against it. */
	s.go.layout.offset[CT_GO_G_PANIC] = 72;
	assert_evidence(&sample, ct_go_check_panic, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(fields_by_types, start, close_target),
		cmocka_unit_test_setup_teardown(moduledata_of_another_version, start, close_target),
		cmocka_unit_test_setup_teardown(no_types, start, close_target),
		cmocka_unit_test_setup_teardown(goroutines_as_they_are, start, close_target),
		cmocka_unit_test_setup_teardown(goroutines_as_they_are_not, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
