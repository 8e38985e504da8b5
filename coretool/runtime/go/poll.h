/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that goroutines wait at. */
#ifndef CT_RUNTIME_GO_POLL_H
#define CT_RUNTIME_GO_POLL_H

#include "runtime/go/waits.h"

#define CT_GO_SOCKET_ADDRESS 160 /* bytes for an address; a longer one is cut */

/*
 * The address that the interface net.Addr at `interface` has, as Go prints it: "127.0.0.1:80",
 * "[fe80::1%eth0]:443", "/run/shop.sock". net: "tcp", "udp", "unix" or "ip". "": there is none, or
 * it is not surely one of that sort. (poll_address.c)
 */
void ct_go_socket_address(struct ct_go_waiter *w, uint64_t interface, const char *net,
	char text[CT_GO_SOCKET_ADDRESS]);

#endif
