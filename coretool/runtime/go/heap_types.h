/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the objects of the heap are. Objects carry no type, but for larger ones since 1.22; but
 * interfaces name the type of what they hold, closures begin with their function, and the fields of
 * a type say what their pointers lead to. What none of that reaches has a size alone.
 */
#ifndef CT_RUNTIME_GO_HEAP_TYPES_H
#define CT_RUNTIME_GO_HEAP_TYPES_H

#include "base/hash.h"
#include "base/vec.h"
#include "runtime/go/heap_mark.h"
#include "runtime/go/heap_roots.h"

enum ct_go_form {
	CT_GO_FORM_VALUE,   /* one value of the type */
	CT_GO_FORM_ARRAY,   /* several, one after the other: of a slice, or a channel's buffer */
	CT_GO_FORM_MAP,     /* the head of a map of that type */
	CT_GO_FORM_CHAN,    /* a channel with elements of that type, maybe with its buffer */
	CT_GO_FORM_CLOSURE, /* of the function that begins at `type` */
	CT_GO_FORM_BYTES,   /* of a string */
	CT_GO_FORM_RUNTIME, /* of the runtime's own type whose name `type` points to, here */
};

struct ct_go_known { /* a type and a form, and what its pointers lead to */
	uint64_t type;
	uint8_t form;
	bool flat;         /* fields is filled in */
	bool channel;      /* runtime.hchan: the object says of what it is a channel */
	bool pointers;     /* a value has some */
	uint64_t size;     /* of one element; of a channel 0 */
	uint32_t first, n; /* in ct_go_typing.fields */
};

struct ct_go_lead { /* of a type: n words, stride bytes apart, lead to objects of this sort */
	uint32_t offset, n, stride;
	uint32_t known; /* of the object */
	bool inside;    /* it may point into it, as slices do */
};

struct ct_go_typing {
	const struct ct_go_heap *heap;
	const struct ct_go_mark *mark;
	struct ct_go_masks *masks;
	uint32_t *of; /* per object: index in known + 1; 0: not known */
	CT_VEC(struct ct_go_known) known;
	CT_VEC(struct ct_go_lead) fields;
	CT_VEC(uint32_t) todo; /* objects that are known since */
	struct ct_hash keys;
	bool failed; /* no memory */
};

/* Of all that is marked. */
CT_WARN_UNUSED enum ct_status ct_go_typing_init(struct ct_go_typing *typing,
	const struct ct_go_heap *heap, const struct ct_go_mark *mark, struct ct_go_masks *masks);
void ct_go_typing_free(struct ct_go_typing *typing);

/* A root leads to an object: if it is the second word of an interface, that tells its type. */
void ct_go_typing_root(struct ct_go_typing *typing, const struct ct_go_root *root);
/* The object at addr is one of the runtime's own; name is a constant. */
void ct_go_typing_runtime(struct ct_go_typing *typing, uint64_t addr, const char *name);
/* Something leads to addr, which is that, or CT_NONE; inside: it may be in the middle of it. */
void ct_go_typing_points(struct ct_go_typing *typing, uint64_t addr, uint32_t known, bool inside);
/* What the objects say themselves, and all that this tells. */
CT_WARN_UNUSED enum ct_status ct_go_typing_run(struct ct_go_typing *typing);
/* All that is told by what has become known since. */
CT_WARN_UNUSED enum ct_status ct_go_typing_follow(struct ct_go_typing *typing);

/* Where the data of an object begins: behind its header, when it has one. */
uint64_t ct_go_object_data(const struct ct_go_object *object);
/* Writes what the object is: "main.order", "[]*main.order", "map[string]int", "closure of
 * main.serve.func1", or "64-byte object". */
void ct_go_typing_name(const struct ct_go_typing *typing, const struct ct_go_object *object,
	char *buf, size_t size);

/* ---- what a type's pointers lead to (heap_fields.c) ---- */

/* Index of a type in this form, or CT_NONE: no memory, or no type. */
uint32_t ct_go_typing_add(struct ct_go_typing *typing, uint64_t type, enum ct_go_form form);
/* Fills in its fields. */
void ct_go_typing_flatten(struct ct_go_typing *typing, uint32_t known);
/* What a pointer-shaped value of that type leads to: ct_go_typing_add() of it, or CT_NONE. */
uint32_t ct_go_typing_behind(struct ct_go_typing *typing, uint64_t type);

/* The descriptor's head: false: there is none at this address. */
struct ct_go_type_head {
	uint64_t size, pointers;
	uint8_t kind; /* enum ct_go_kind and smaller ones */
	bool direct;  /* an interface has the value itself */
};
bool ct_go_type_head(const struct ct_go *go, uint64_t type, struct ct_go_type_head *ret);

#endif
