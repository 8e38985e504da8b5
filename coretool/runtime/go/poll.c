/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goroutines that the network poller will wake: their pollDesc (runtime/netpoll.go) points back to
 * them, and is found by that in their stacks. The poll.FD around it, and the net.netFD around that
 * one, say what kind of file it is.
 */
#include "runtime/go/poll.h"

#include <inttypes.h>

struct polled {
	uint64_t desc;
	uint64_t fd; /* number */
	bool writes;
	bool closing;
	bool deadline; /* one is set for what it does */
	char net[8];   /* "tcp", "udp", "unix" …; "": not known */
	char local[CT_GO_SOCKET_ADDRESS], remote[CT_GO_SOCKET_ADDRESS]; /* "": not known */
};

/*
 * Is the pollDesc at addr that of this goroutine? None is ever on a stack, where much else points
 * to the goroutine; its number is a file's.
 */
static bool is_desc(struct ct_go_waiter *w, uint64_t addr, bool *writes)
{
	const struct ct_go *go = w->o->go;
	const struct ct_go_g *g = w->g;

	w->waits->searched++;
	if (addr < 4096 || addr % 8 || addr - g->stack_low < g->stack_high - g->stack_low)
		return false;
	*writes = ct_go_word(go, addr, CT_GO_POLLDESC_WG) == g->at;
	return (*writes || ct_go_word(go, addr, CT_GO_POLLDESC_RG) == g->at) &&
	       ct_go_word(go, addr, CT_GO_POLLDESC_FD) <= INT32_MAX;
}

static uint64_t find_desc(struct ct_go_waiter *w, const uint64_t *words, size_t n, bool *writes)
{
	size_t last = w->waits->poll_word;

	if (last < n && is_desc(w, words[last], writes))
		return words[last];
	for (size_t i = 0; i < n && ct_go_may_search(w); i++)
		if (is_desc(w, words[i], writes)) {
			w->waits->poll_word = i;
			return words[i];
		}
	return 0;
}

/* net.netFD: pfd poll.FD; family, sotype int; isConnected bool; net string; laddr, raddr Addr
 * (net/fd_posix.go). */
enum { NET = 24, LADDR = 40, RADDR = 56 };

static void read_net(struct ct_go_waiter *w, uint64_t poll_fd, struct polled *p)
{
	const struct ct_go *go = w->o->go;
	uint64_t behind = poll_fd + ct_go_at(go, FD_SIZE);
	static const char *const kinds[] = {"tcp", "udp", "unix", "ip"};
	uint64_t text[2];
	char net[sizeof(p->net)] = "";

	if (ct_read(go->target, behind + NET, text, sizeof(text)) || !text[1] ||
		text[1] >= sizeof(net) || ct_read(go->target, text[0], net, text[1]))
		return;
	for (size_t i = 0; i < CT_COUNT(kinds); i++)
		if (!strncmp(net, kinds[i], strlen(kinds[i])))
			snprintf(p->net, sizeof(p->net), "%s", kinds[i]);
	if (!*p->net)
		return;
	ct_go_socket_address(w, behind + LADDR, p->net, p->local);
	ct_go_socket_address(w, behind + RADDR, p->net, p->remote);
}

/* The poll.FD whose pollDesc this is: it has the same number, and points to it. */
static void find_file(struct ct_go_waiter *w, const uint64_t *words, size_t n, struct polled *p)
{
	const struct ct_go *go = w->o->go;

	for (size_t i = 0; i < n; i++) {
		if (words[i] < 4096 || words[i] % 8 ||
			ct_go_word(go, words[i], CT_GO_FD_PD) != p->desc ||
			ct_go_word(go, words[i], CT_GO_FD_SYSFD) != p->fd)
			continue;
		read_net(w, words[i], p);
		if (*p->net)
			return;
	}
}

static bool read_polled(struct ct_go_waiter *w, struct polled *p)
{
	const struct ct_go *go = w->o->go;
	uint64_t words[CT_GO_STACK_WORDS];
	size_t n = ct_go_stack_words(w, words);
	uint8_t closing = 0;

	*p = (struct polled){0};
	p->desc = find_desc(w, words, n, &p->writes);
	if (!p->desc)
		return false;
	p->fd = ct_go_word(go, p->desc, CT_GO_POLLDESC_FD);
	(void)!ct_go_u8(go, p->desc, CT_GO_POLLDESC_CLOSING, &closing);
	p->closing = closing;
	p->deadline = (int64_t)ct_go_word(
			      go, p->desc, p->writes ? CT_GO_POLLDESC_WD : CT_GO_POLLDESC_RD) > 0;
	find_file(w, words, n, p);
	return true;
}

/* "fd 7 (tcp 127.0.0.1:80 to 127.0.0.1:41234)" */
static const char *name_of(
	struct ct_sink *sink, const struct polled *p, const char *local, const char *remote)
{
	if (!*p->net)
		return ct_sink_printf(sink, "fd %" PRIu64, p->fd);
	return ct_sink_printf(sink, "fd %" PRIu64 " (%s%s%s%s%s)", p->fd, p->net, local ? " " : "",
		local ? local : "", remote ? " to " : "", remote ? remote : "");
}

static uint32_t resource_of(struct ct_go_waiter *w, const struct polled *p)
{
	struct ct_sink *sink = w->o->sink;
	bool fresh;
	uint32_t resource = ct_sink_resource(sink, "go_fd", p->desc, &fresh);

	if (resource == CT_NONE || !fresh)
		return resource;
	ct_sink_value_int(sink, resource, "fd", (int64_t)p->fd);
	if (*p->net)
		ct_sink_value_text(sink, resource, "socket", p->net);
	/* Whom it talks to is no business of those who may not see what it says. */
	const char *local = *p->local ? ct_sink_secret(sink, p->local) : NULL;
	const char *remote = *p->remote ? ct_sink_secret(sink, p->remote) : NULL;
	if (local)
		ct_sink_value_text(sink, resource, "local", local);
	if (remote)
		ct_sink_value_text(sink, resource, "remote", remote);
	ct_sink_value_bool(sink, resource, "closing", p->closing);
	const char *name = name_of(sink, p, local, remote);
	ct_sink_get_resource(sink, resource)->name = name;
	return resource;
}

/* What it does there, by the functions that it is in. */
static const char *doing(struct ct_go_waiter *w, const struct polled *p)
{
	unsigned calls = ct_go_calls(w);

	if (calls & CT_GO_CALL_ACCEPT)
		return "it waits for somebody to connect";
	if (calls & CT_GO_CALL_CONNECT)
		return "it waits until its connection is accepted";
	if (p->deadline)
		return p->writes ? "it waits until it can write, or its deadline comes"
				 : "it waits for something to read, or its deadline";
	return p->writes ? "it waits until it can write: no deadline is set"
			 : "it waits for something to read: no deadline is set";
}

enum ct_status ct_go_wait_poll(struct ct_go_waiter *w)
{
	struct polled p;
	struct ct_wait wait = {
		.kind = CT_WAIT_IO,
		.trust = CT_TRUST_EXACT,
		.outside = true,
		.resource = CT_NONE,
		.why = "it waits for the network poller; for which file was not found",
	};

	if (read_polled(w, &p)) {
		wait.resource = resource_of(w, &p);
		if (wait.resource == CT_NONE)
			return CT_NO_MEMORY;
		wait.mode = p.writes ? CT_MODE_WRITE : CT_MODE_READ;
		wait.timed = p.deadline;
		wait.why = doing(w, &p);
	}
	return ct_go_add_wait(w, wait);
}
