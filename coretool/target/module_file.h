/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file on disk that may be hostile: opened so that nothing can block or be harmed, and mapped
 * so that it may shrink. libelf and libdw work on our mapping, never on one of their own, where
 * that can be had.
 */
#ifndef CT_TARGET_MODULE_FILE_H
#define CT_TARGET_MODULE_FILE_H

#include <libelf.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "source/map_guard.h"
#include "target/module_image.h"

struct ct_file_identity {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

/* A file's bytes. Mapped private and writable, because libelf changes section headers when it
 * decompresses. */
struct ct_file {
	uint8_t *bytes; /* NULL: no file */
	uint64_t size;
	struct ct_file_identity identity;
	struct ct_map_guard guard;
	bool allocated; /* the bytes are a copy in memory of our own, from malloc */
};

/*
 * Opens path for reading if it is a regular file; symbolic links are followed inside root only
 * (NULL: everywhere). -1 with *why set, which nobody frees.
 */
int ct_file_open(const char *root, const char *path, const char **why);
/* Maps all of fd, which stays the caller's. False with *why set. file must stay where it is until
 * closed. */
bool ct_file_map(struct ct_file *file, int fd, const char **why);
void ct_file_close(struct ct_file *file);

bool ct_file_identify(int fd, struct ct_file_identity *ret);
bool ct_file_same(const struct ct_file_identity *a, const struct ct_file_identity *b);

/* A struct ct_image_reader's read; file is the struct ct_file. */
enum ct_status ct_file_read(const void *file, uint64_t at, void *buf, size_t len);
/* A libelf handle of the file's bytes; NULL when it is no ELF file that libelf can hold within
 * reason. */
Elf *ct_file_elf(const struct ct_file *file);

#define CT_BUILD_ID_TEXT (2 * CT_BUILD_ID_MAX + 1)
/* The build id in hex; returns text. */
const char *ct_build_id_text(const uint8_t *id, size_t len, char text[CT_BUILD_ID_TEXT]);

#endif
