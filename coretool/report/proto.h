/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol buffers, as far as writing them goes: fields of integers, of texts and of messages. Out
 * of memory is kept in failed.
 */
#ifndef CT_REPORT_PROTO_H
#define CT_REPORT_PROTO_H

#include "base/base.h"

struct ct_proto {
	uint8_t *at;
	size_t n, cap;
	bool failed;
};

/* 0 is what a field has that is not there. */
void ct_proto_int(struct ct_proto *p, unsigned field, uint64_t value);
void ct_proto_bytes(struct ct_proto *p, unsigned field, const void *bytes, size_t len);
/* A list of integers in one field. */
void ct_proto_ints(struct ct_proto *p, unsigned field, const uint64_t *values, uint32_t n);
/* Empties message into a field of p. */
void ct_proto_message(struct ct_proto *p, unsigned field, struct ct_proto *message);
void ct_proto_free(struct ct_proto *p);

#endif
