/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go processes that lie. The input is the memory of one, in words, as go_process.py writes it:
 *
 *	head            an address, what is wanted, and how many of each of these there are
 *	threads         their registers
 *	maps            of zeros
 *	chunks          what is in memory that is not zero: where, and how much
 *	…               the chunks' bytes
 *
 * Words are changed and never moved, so that most of the process stays what it is: one pointer or
 * count leads astray, and all that is behind it is read.
 */
#include <sys/mman.h>

#include "fake_source.h"

#define MAX_MAPS    16
#define MAX_THREADS 4
#define MAX_MAP     (4u << 20)

enum flags {
	WITH_HEAP = 1,
	WITHOUT_VIEWS = 2, /* all memory is to be read into buffers */
	WITH_REPORTS = 4,
	WITH_RETAINED = 8, /* all contexts, and what timers and pools keep alive */
};

struct head {
	uint64_t address; /* of an object of the heap that is asked for */
	uint32_t flags;
	uint8_t n_threads, n_maps;
	uint16_t n_chunks;
};

struct thread {
	uint64_t lwp, pc, sp, fp, call;
};

struct map {
	uint64_t start;
	uint32_t size;
	uint8_t prot, is_image;
	uint16_t unused;
};

struct chunk {
	uint64_t at, size;
};

struct process {
	const struct head *head;
	const struct thread *threads;
	const struct map *maps;
	struct ct_regs regs[MAX_THREADS];
	uint8_t *bytes[MAX_MAPS]; /* of each map */
	uint32_t sizes[MAX_MAPS];
	uint8_t n_maps, n_threads;
	bool in_place; /* has views */
};

/* ---- the source ---- */

static enum ct_status get_process(void *self, struct ct_process *ret)
{
	(void)self;
	*ret = (struct ct_process){.arch = &ct_arch_x86_64,
		.kind = "core",
		.path = "fuzz",
		.exe = "/srv/shop",
		.pid = 100,
		.signal = {.number = 6, .lwp = 100},
		.still = true,
		.all_threads = true};
	return CT_OK;
}

static enum ct_status get_map(void *self, size_t *cur, struct ct_map *ret)
{
	const struct process *p = self;

	if (*cur >= p->n_maps)
		return CT_DONE;
	const struct map *map = &p->maps[*cur];
	*ret = (struct ct_map){.start = map->start,
		.end = map->start + p->sizes[*cur],
		.present = p->sizes[*cur],
		.prot = map->prot & 7,
		.path = map->is_image ? "/srv/shop" : NULL,
		.file_offset = map->is_image ? map->start - p->maps[0].start : 0};
	(*cur)++;
	return CT_OK;
}

static enum ct_status get_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	const struct process *p = self;

	if (*cur >= p->n_threads)
		return CT_DONE;
	*ret = (struct ct_thread){
		.lwp = p->threads[*cur].lwp, .regs = &p->regs[*cur], .stopped = true};
	(*cur)++;
	return CT_OK;
}

static enum ct_status find_memory(const void *self, uint64_t addr, size_t len, const void **ret)
{
	const struct process *p = self;

	for (uint8_t i = 0; i < p->n_maps; i++)
		if (addr >= p->maps[i].start &&
			ct_within(addr - p->maps[i].start, len, p->sizes[i])) {
			*ret = p->bytes[i] + (addr - p->maps[i].start);
			return CT_OK;
		}
	return CT_FAULT;
}

static enum ct_status get_auxv(void *self, uint64_t type, uint64_t *ret)
{
	(void)self, (void)type, (void)ret;
	return CT_NOT_FOUND;
}

static bool has_views(const void *self)
{
	return ((const struct process *)self)->in_place;
}

/* ---- the input ---- */

static const void *take(const uint8_t **data, size_t *size, size_t len)
{
	const void *at = *data;

	if (len > *size)
		return NULL;
	*data += len;
	*size -= len;
	return at;
}

/* Sorted and without overlaps, as sources promise. */
static bool add_maps(struct process *p)
{
	for (; p->n_maps < CT_MIN(p->head->n_maps, MAX_MAPS); p->n_maps++) {
		const struct map *map = &p->maps[p->n_maps], *last = map - 1;
		uint32_t size = CT_MIN(map->size, MAX_MAP);

		if (map->start > UINT64_MAX - size ||
			(p->n_maps && map->start < last->start + p->sizes[p->n_maps - 1]))
			break;
		p->bytes[p->n_maps] = calloc(1, size + 1);
		p->sizes[p->n_maps] = size;
		if (!p->bytes[p->n_maps])
			abort();
	}
	return p->n_maps;
}

static void add_chunks(struct process *p, const uint8_t *data, size_t size)
{
	const struct chunk *chunks = take(&data, &size, p->head->n_chunks * sizeof(*chunks));

	for (size_t i = 0; chunks && i < p->head->n_chunks; i++) {
		const void *bytes = take(&data, &size, chunks[i].size), *to;

		if (bytes && !find_memory(p, chunks[i].at, chunks[i].size, &to))
			memcpy((void *)(uintptr_t)to, bytes, chunks[i].size);
	}
}

static bool open_process(struct process *p, const uint8_t *data, size_t size)
{
	const struct ct_arch *arch = &ct_arch_x86_64;

	*p = (struct process){.head = take(&data, &size, sizeof(*p->head))};
	if (!p->head)
		return false;
	p->threads = take(&data, &size, p->head->n_threads * sizeof(*p->threads));
	p->maps = p->threads ? take(&data, &size, p->head->n_maps * sizeof(*p->maps)) : NULL;
	if (!p->maps || !add_maps(p))
		return false;
	p->in_place = !(p->head->flags & WITHOUT_VIEWS);
	for (; p->n_threads < CT_MIN(p->head->n_threads, MAX_THREADS); p->n_threads++) {
		const struct thread *thread = &p->threads[p->n_threads];
		struct ct_regs *regs = &p->regs[p->n_threads];

		ct_reg_set(regs, arch->pc, thread->pc);
		ct_reg_set(regs, arch->sp, thread->sp);
		ct_reg_set(regs, arch->fp, thread->fp);
	}
	add_chunks(p, data, size);
	return true;
}

/* ---- what is done with it ---- */

static FILE *sink;

static void must(enum ct_status status, const char *what, const struct ct_error *err)
{
	if (!status)
		return;
	fprintf(stderr, "%s failed: %s\n", what, err->text);
	abort();
}

static void report(struct ct_target *target, const struct ct_plan *plan, bool written)
{
	static const char *const formats[] = {"text", "json"};
	struct ct_document *document;
	struct ct_error err = {0};
	struct ct_facts *facts;

	must(ct_observe(target, plan, &facts, &err), "observe", &err);
	must(ct_detect(facts, NULL, &document, &err), "detect", &err);
	for (size_t i = 0; written && i < CT_COUNT(formats); i++)
		must(ct_write(document, formats[i], sink, &err), formats[i], &err);
	ct_document_free(document);
	ct_facts_free(facts);
}

static unsigned wants_of(uint32_t flags)
{
	return CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_NAMES | CT_WANT_CONTEXTS |
	       CT_WANT_TIMERS | CT_WANT_POOLS | CT_WANT_PROFILES |
	       (flags & WITH_HEAP ? CT_WANT_HEAP : 0) |
	       (flags & WITH_RETAINED ? CT_WANT_ALL_CONTEXTS | CT_WANT_RETAINED : 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	sink = fopen("/dev/null", "w");
	return sink ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* No file of this machine is the one that the process was started from. */
	static const struct ct_options options = {
		.sysroot = "/proc/self/fdinfo", .no_debuginfod = true, .only_given = true};
	uint64_t *words = malloc(size + 1); /* aligned */
	struct ct_target *target;
	struct ct_error err = {0};
	struct process p;

	if (!words)
		abort();
	memcpy(words, data, size);
	if (open_process(&p, (const uint8_t *)words, size)) {
		const struct ct_plan plan = {
			.wants = wants_of(p.head->flags), .address = p.head->address};

		must(ct_target_open((struct ct_source){&fake_source, &p}, &options, &target, &err),
			"target", &err);
		report(target, &plan, p.head->flags & WITH_REPORTS);
		ct_target_close(target);
	}
	for (uint8_t i = 0; i < p.n_maps; i++)
		free(p.bytes[i]);
	free(words);
	return 0;
}

/* ---- words that are changed ---- */

static uint64_t random_of(uint64_t *state, uint64_t n)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (*state >> 33) % n;
}

static uint64_t odd_number(uint64_t *state, uint64_t old)
{
	static const uint64_t numbers[] = {0, 1, 2, 7, 255, 4096, 65536, INT32_MAX, UINT32_MAX,
		UINT64_C(1) << 32, UINT64_C(1) << 40, UINT64_C(1) << 47, INT64_MAX,
		UINT64_C(1) << 63, UINT64_MAX - 7, UINT64_MAX};

	switch (random_of(state, 4)) {
	case 0:
		return numbers[random_of(state, CT_COUNT(numbers))];
	case 1:
		return old + 8 * random_of(state, 64);
	case 2:
		return old - 8 * random_of(state, 64);
	default:
		return old ^ UINT64_C(1) << random_of(state, 64);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	uint64_t state = seed, n = size / 8, word;
	uint8_t copy[64];

	if (n < 8)
		return LLVMFuzzerMutate(data, size, max_size);
	for (uint64_t i = 1 + random_of(&state, 4); i > 0; i--) {
		uint8_t *at = data + 8 * random_of(&state, n - 7);

		switch (random_of(&state, 4)) {
		case 0: /* another word of it: most pointers lead somewhere */
			memcpy(at, data + 8 * random_of(&state, n), sizeof(word));
			break;
		case 1:
			memcpy(copy, at, sizeof(copy));
			(void)LLVMFuzzerMutate(copy, sizeof(copy), sizeof(copy));
			memcpy(at, copy, sizeof(copy));
			break;
		case 2:
			at[random_of(&state, 8)] = (uint8_t)random_of(&state, 256);
			break;
		default:
			memcpy(&word, at, sizeof(word));
			word = odd_number(&state, word);
			memcpy(at, &word, sizeof(word));
		}
	}
	return size;
}
