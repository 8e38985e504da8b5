/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses that a socket has by its net.netFD: interfaces net.Addr, behind which the program's
 * own type descriptors tell what there is (net/tcpsock.go, udpsock.go, iprawsock.go, unixsock.go;
 * the same from 1.15 to 1.27). A listener has no remote one, and who still connects has none.
 */
#include <arpa/inet.h>
#include <inttypes.h>

#include "runtime/go/poll.h"
#include "runtime/go/types.h"

#define MAX_ZONE 32

/* TCPAddr and UDPAddr: IP []byte, Port int, Zone string. IPAddr: IP, Zone. UnixAddr: Name, Net. */
#define ADDR_PORT    24
#define ADDR_ZONE    32
#define IP_ADDR_ZONE 24

static const struct {
	const char *net, *type;
	enum ct_go_net kind;
} nets[] = {
	{"tcp", "*net.TCPAddr", CT_GO_NET_PORT},
	{"udp", "*net.UDPAddr", CT_GO_NET_PORT},
	{"ip", "*net.IPAddr", CT_GO_NET_IP},
	{"unix", "*net.UnixAddr", CT_GO_NET_UNIX},
};

/* What a net.Addr has whose itab that is. */
static enum ct_go_net kind_of(struct ct_go_waiter *w, uint64_t itab, const char *net)
{
	const struct ct_go *go = w->o->go;
	struct ct_go_net_itab *known = &w->waits->itabs[itab / 32 % CT_COUNT(w->waits->itabs)];
	struct ct_go_type interface, type;
	uint64_t words[2]; /* the interface's type, and that of the value */

	if (known->at == itab && known->net && !strcmp(known->net, net))
		return known->kind;
	if (ct_read(go->target, itab, words, sizeof(words)) ||
		ct_go_type_at(go, words[0], &interface) || ct_go_type_at(go, words[1], &type) ||
		interface.kind != CT_GO_KIND_INTERFACE || strcmp(interface.name, "net.Addr") != 0 ||
		type.kind != CT_GO_KIND_POINTER)
		return CT_GO_NET_UNKNOWN;
	for (size_t i = 0; i < CT_COUNT(nets); i++)
		if (!strcmp(net, nets[i].net) && !strcmp(type.name, nets[i].type)) {
			*known = (struct ct_go_net_itab){itab, nets[i].net, nets[i].kind};
			return nets[i].kind;
		}
	return CT_GO_NET_UNKNOWN;
}

/* As net.IP prints it; an IPv4 address in 16 bytes is one of IPv4. False: it is no address. */
static bool print_ip(const struct ct_go *go, uint64_t at, char *buf, size_t size, bool *is_v6)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint64_t slice[2];
	uint8_t ip[16];

	buf[0] = '\0';
	*is_v6 = false;
	if (ct_read(go->target, at, slice, sizeof(slice)))
		return false;
	if (!slice[1]) /* any */
		return true;
	if ((slice[1] != 4 && slice[1] != sizeof(ip)) ||
		ct_read(go->target, slice[0], ip, slice[1]))
		return false;
	if (slice[1] == 4)
		return inet_ntop(AF_INET, ip, buf, (socklen_t)size);
	if (!memcmp(ip, mapped, sizeof(mapped)))
		return inet_ntop(AF_INET, ip + sizeof(mapped), buf, (socklen_t)size);
	*is_v6 = true;
	return inet_ntop(AF_INET6, ip, buf, (socklen_t)size);
}

static void print_inet(
	const struct ct_go *go, uint64_t at, bool has_port, char text[CT_GO_SOCKET_ADDRESS])
{
	char ip[INET6_ADDRSTRLEN], zone[MAX_ZONE] = "";
	uint64_t port = 0;
	bool is_v6;

	if (!print_ip(go, at, ip, sizeof(ip), &is_v6) ||
		(has_port && (ct_read_u64(go->target, at + ADDR_PORT, &port) || port > UINT16_MAX)))
		return;
	(void)!ct_go_string(
		go->target, at + (has_port ? ADDR_ZONE : IP_ADDR_ZONE), zone, sizeof(zone));
	const char *percent = *zone ? "%" : "";
	if (!has_port)
		snprintf(text, CT_GO_SOCKET_ADDRESS, "%s%s%s", ip, percent, zone);
	else if (is_v6)
		snprintf(text, CT_GO_SOCKET_ADDRESS, "[%s%s%s]:%" PRIu64, ip, percent, zone, port);
	else
		snprintf(text, CT_GO_SOCKET_ADDRESS, "%s:%" PRIu64, ip, port);
}

void ct_go_socket_address(struct ct_go_waiter *w, uint64_t interface, const char *net,
	char text[CT_GO_SOCKET_ADDRESS])
{
	const struct ct_go *go = w->o->go;
	uint64_t words[2]; /* itab, value */

	text[0] = '\0';
	if (ct_read(go->target, interface, words, sizeof(words)) || !words[0] || !words[1])
		return;
	switch (kind_of(w, words[0], net)) {
	case CT_GO_NET_PORT:
		print_inet(go, words[1], true, text);
		break;
	case CT_GO_NET_IP:
		print_inet(go, words[1], false, text);
		break;
	case CT_GO_NET_UNIX:
		if (!ct_go_string(go->target, words[1], text, CT_GO_SOCKET_ADDRESS))
			text[0] = '\0';
		break;
	case CT_GO_NET_UNKNOWN:
		break;
	}
}
