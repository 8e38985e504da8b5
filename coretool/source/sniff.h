/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, by its first bytes alone: to choose how to open it, and to say in plain words
 * what is no core. */
#ifndef CT_SOURCE_SNIFF_H
#define CT_SOURCE_SNIFF_H

#include "base/base.h"

enum ct_sniffed {
	CT_SNIFFED_CORE,       /* an ELF core that this program reads */
	CT_SNIFFED_OTHER_CORE, /* an ELF core of another machine, class or byte order, or a cut-off
				  header */
	CT_SNIFFED_ELF,        /* a program, library or object file */
	CT_SNIFFED_COMPRESSED, /* what ct_unpack() unpacks */
	CT_SNIFFED_TAR,        /* perhaps a bundle */
	CT_SNIFFED_OTHER,      /* anything else, the empty file included */
	CT_SNIFFED_UNREADABLE, /* a directory, or reading fails: errno says why */
	CT_SNIFFED_STREAM,     /* a pipe, socket or terminal: to look is to consume */
};

/* How many bytes of a file's start are looked at. */
#define CT_SNIFF_SIZE 1024

/* Looks at the start of the file; its offset stays where it is. */
enum ct_sniffed ct_sniff(int fd);
/* The same for bytes in memory; fewer than CT_SNIFF_SIZE are the whole file. */
enum ct_sniffed ct_sniff_bytes(const void *data, size_t len);

/*
 * One line for people who gave this file as a core: "path: is an ELF program, not a core; …". Also
 * for a core of another kind, with what is different about it. path is cleaned of control
 * characters.
 */
void ct_sniff_describe(int fd, const char *path, char *buf, size_t size);
/* The same for the start of what a compressed file unpacks to. */
void ct_sniff_describe_bytes(
	const void *data, size_t len, const char *path, char *buf, size_t size);

/*
 * Opens path for reading without ever waiting (FIFO, device) or making a terminal ours; "-" is a
 * duplicate of standard input. CT_IO with a text that says why and what to try.
 */
CT_WARN_UNUSED enum ct_status ct_sniff_open(const char *path, int *ret, struct ct_error *err);

#endif
