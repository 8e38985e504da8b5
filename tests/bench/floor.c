/*
 * The physical floor of `make bench`: what any reader of all stacks of a core has to do at least.
 * Maps the core, walks all notes, and for each thread reads its stack's pages from the stack
 * pointer to the end of the segment once. Prints "USER SYSTEM WALL THREADS STACK_BYTES", times in
 * seconds, process start not included.
 *
 * For the benchmark's own cores only: x86-64, and trusted where a real reader must not trust.
 */
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <time.h>
#include <unistd.h>

struct core {
	const char *bytes;
	size_t size;
	const Elf64_Phdr
		*segments; /* PT_LOAD ones ascend by address, as the kernel and gdb write them */
	size_t segment_count;
};

struct floor_count {
	uint64_t threads;
	uint64_t stack_bytes;
	uint64_t sum; /* printed, lest the compiler drop the reads */
};

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double monotonic_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void core_map(const char *path, struct core *core)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const Elf64_Ehdr *header;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0)
		err(1, "%s", path);
	core->size = (size_t)status.st_size;
	core->bytes = mmap(NULL, core->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (core->bytes == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
	header = (const Elf64_Ehdr *)core->bytes;
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_type != ET_CORE ||
		header->e_machine != EM_X86_64)
		errx(1, "%s: not an x86-64 core", path);
	core->segments = (const Elf64_Phdr *)(core->bytes + header->e_phoff);
	core->segment_count = header->e_phnum;
	if (header->e_phnum == PN_XNUM)
		core->segment_count =
			((const Elf64_Shdr *)(core->bytes + header->e_shoff))->sh_info;
}

static const Elf64_Phdr *core_segment_at(const struct core *core, uint64_t address)
{
	size_t low = 0;
	size_t high = core->segment_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const Elf64_Phdr *segment = &core->segments[middle];

		if (segment->p_type != PT_LOAD || segment->p_vaddr + segment->p_memsz <= address)
			low = middle + 1;
		else if (segment->p_vaddr > address)
			high = middle;
		else
			return segment;
	}
	return NULL;
}

static void read_stack(const struct core *core, uint64_t stack_pointer, struct floor_count *count)
{
	const Elf64_Phdr *segment = core_segment_at(core, stack_pointer);
	uint64_t start;

	if (segment == NULL || stack_pointer - segment->p_vaddr >= segment->p_filesz)
		errx(1, "no stack at %#llx", (unsigned long long)stack_pointer);
	start = (stack_pointer - segment->p_vaddr) & ~7ull;
	for (uint64_t at = start; at < segment->p_filesz; at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, core->bytes + segment->p_offset + at, sizeof(word));
		count->sum += word;
	}
	count->stack_bytes += segment->p_filesz - start;
	count->threads++;
}

static void read_notes(const struct core *core, const Elf64_Phdr *notes, struct floor_count *count)
{
	const char *at = core->bytes + notes->p_offset;
	const char *end = at + notes->p_filesz;

	while (at + sizeof(Elf64_Nhdr) <= end) {
		const Elf64_Nhdr *note = (const Elf64_Nhdr *)at;
		const char *descriptor = at + sizeof(*note) + ((note->n_namesz + 3u) & ~3u);

		count->sum += note->n_type;
		if (note->n_type == NT_PRSTATUS) {
			const struct elf_prstatus *status = (const void *)descriptor;
			const struct user_regs_struct *registers = (const void *)status->pr_reg;

			read_stack(core, registers->rsp, count);
		}
		at = descriptor + ((note->n_descsz + 3u) & ~3u);
	}
}

int main(int argc, char **argv)
{
	struct floor_count count = {0};
	struct rusage before;
	struct rusage after;
	struct core core;
	double start;
	double wall;

	if (argc != 2)
		errx(64, "usage: floor CORE");
	getrusage(RUSAGE_SELF, &before);
	start = monotonic_seconds();
	core_map(argv[1], &core);
	for (size_t i = 0; i < core.segment_count; i++) {
		if (core.segments[i].p_type == PT_NOTE)
			read_notes(&core, &core.segments[i], &count);
	}
	wall = monotonic_seconds() - start;
	getrusage(RUSAGE_SELF, &after);
	printf("%.6f %.6f %.6f %llu %llu\n", seconds(after.ru_utime) - seconds(before.ru_utime),
		seconds(after.ru_stime) - seconds(before.ru_stime), wall,
		(unsigned long long)count.threads, (unsigned long long)count.stack_bytes);
	fprintf(stderr, "checksum %llx\n", (unsigned long long)count.sum);
	return 0;
}
