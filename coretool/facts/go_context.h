/* SPDX-License-Identifier: Apache-2.0 */
/* The contexts of a Go program (package context), and which goroutines have them at hand. Part of
 * the facts. */
#ifndef CT_FACTS_GO_CONTEXT_H
#define CT_FACTS_GO_CONTEXT_H

#include "facts/facts.h"

enum ct_context_kind {
	CT_CONTEXT_OTHER, /* a type of the program's or of another package */
	CT_CONTEXT_BACKGROUND,
	CT_CONTEXT_TODO,
	CT_CONTEXT_EMPTY, /* one of these two: up to 1.20 they have one type */
	CT_CONTEXT_CANCEL,
	CT_CONTEXT_TIMER,
	CT_CONTEXT_VALUE,
	CT_CONTEXT_AFTER_FUNC,
	CT_CONTEXT_WITHOUT_CANCEL,
	CT_CONTEXT_STOP,
	CT_N_CONTEXT_KINDS,
};

struct ct_go_context {
	uint64_t address;
	const char *type;     /* "context.cancelCtx", "signal.signalCtx" */
	const char *key;      /* of a value: the type of its key; NULL */
	const char *value;    /* and of the value; NULL */
	const char *text;     /* the value itself, when the reader has asked for this key; NULL */
	const char *err;      /* NULL: it is not cancelled */
	const char *cause;    /* NULL: none but err */
	const char *deadline; /* "2026-03-01T12:00:00Z"; NULL: it has none */
	/* Its deadline passed at least so long ago; below 0: is at most so far ahead. 0: not
	 * known. */
	int64_t overdue_ns;
	uint32_t parent;     /* index, which is no way round; CT_NONE: it is a root */
	uint32_t cancels;    /* index of the one whose Done() it gives: itself, or above; CT_NONE */
	uint32_t done;       /* resource: its own Done(); CT_NONE: nobody waits at it */
	uint32_t n_children; /* that are to be cancelled with it, and have not been */
	uint32_t first_use, n_uses; /* into uses_by_context */
	uint8_t kind;               /* enum ct_context_kind */
	bool lost;                  /* nothing that lives can cancel it but its parent */
	bool named; /* its type is known by what points to it, not by its shape alone */
};

/* A goroutine has the context in a frame that will use it yet. */
struct ct_go_context_use {
	uint32_t context, actor;
	uint32_t frame; /* of its stack; CT_NONE: not one that is kept */
	bool deferred;  /* the goroutine is in a deferred function, as far as that is looked at: its
			   context is over */
	bool guessed;   /* the word that has it may not be used any more */
	bool awaits;    /* the goroutine waits at the Done() of a context */
};

/* A goroutine that has a request of an HTTP server, or its context, in a frame that will use it
 * yet, though the handler of that request has returned. */
struct ct_go_outlived {
	uint64_t request; /* the http.Request; 0: only a context is at hand */
	uint32_t context; /* of the request */
	uint32_t actor;
	uint32_t frame; /* of its stack; CT_NONE: not one that is kept */
	bool closure;   /* it is in a closure that the frame has */
	uint64_t bytes; /* of the request, that only those who have outlived their handlers keep
			   alive, and none of those before it in the list */
};

struct ct_fact_go_contexts {
	const struct ct_go_context *contexts;
	const struct ct_go_context_use *uses;  /* by actor */
	const uint32_t *uses_by_context;       /* uses */
	const struct ct_go_outlived *outlived; /* by actor, one for each */
	const uint32_t *dones; /* contexts at whose Done() somebody waits, by that resource */
	uint32_t n_contexts, n_uses, n_outlived, n_dones;
	bool outlived_sized; /* what they keep alive is known */
	uint32_t n_left_out; /* contexts that there was no room for */
};

const char *ct_context_kind_name(enum ct_context_kind kind); /* "cancel", "timer", … */

#endif
