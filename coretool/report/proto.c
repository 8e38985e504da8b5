/* SPDX-License-Identifier: Apache-2.0 */
#include "report/proto.h"

#define TYPE_VARINT 0
#define TYPE_BYTES  2

static void put(struct ct_proto *p, const void *bytes, size_t len)
{
	if (p->failed || len > SIZE_MAX / 4 - p->n) {
		p->failed = true;
		return;
	}
	if (p->n + len > p->cap) {
		size_t cap = CT_MAX(2 * (p->n + len), (size_t)256);
		uint8_t *grown = realloc(p->at, cap);

		if (!grown) {
			p->failed = true;
			return;
		}
		p->at = grown;
		p->cap = cap;
	}
	if (len)
		memcpy(p->at + p->n, bytes, len);
	p->n += len;
}

static void put_varint(struct ct_proto *p, uint64_t value)
{
	uint8_t bytes[10];
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[n++] = (uint8_t)(value | 0x80);
	bytes[n++] = (uint8_t)value;
	put(p, bytes, n);
}

void ct_proto_int(struct ct_proto *p, unsigned field, uint64_t value)
{
	if (!value)
		return;
	put_varint(p, field << 3 | TYPE_VARINT);
	put_varint(p, value);
}

void ct_proto_bytes(struct ct_proto *p, unsigned field, const void *bytes, size_t len)
{
	put_varint(p, field << 3 | TYPE_BYTES);
	put_varint(p, len);
	put(p, bytes, len);
}

void ct_proto_ints(struct ct_proto *p, unsigned field, const uint64_t *values, uint32_t n)
{
	struct ct_proto list = {.n = 0};

	for (uint32_t i = 0; i < n; i++)
		put_varint(&list, values[i]);
	ct_proto_message(p, field, &list);
	ct_proto_free(&list);
}

void ct_proto_message(struct ct_proto *p, unsigned field, struct ct_proto *message)
{
	p->failed |= message->failed;
	ct_proto_bytes(p, field, message->at, message->n);
	message->n = 0;
}

void ct_proto_free(struct ct_proto *p)
{
	free(p->at);
	*p = (struct ct_proto){0};
}
