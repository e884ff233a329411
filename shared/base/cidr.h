/*
 * Lists of networks, as people write them: "10.0.0.0/8, 192.168.1.7, fd00::/8" (RFC 4632, RFC
 * 4291).
 *
 * An IPv4-mapped IPv6 address (::ffff:10.0.0.1) counts as the IPv4 address, in lists and in what is
 * held against them. A list is immutable: any thread may look into it. Pure.
 */
#ifndef DTUHUB_BASE_CIDR_H
#define DTUHUB_BASE_CIDR_H

#include <stdbool.h>
#include <stddef.h>

struct cidr_list;

/**
 * cidr_list_parse(text, problem): read networks and single addresses, separated by commas or
 * blanks; "" gives a list that holds nothing. Return a new list for cidr_list_free(), or NULL with
 * ${problem} set to a new text (for free()) that names the wrong entry and the form wanted. Bits
 * set behind the prefix are a fault: nobody can know whether the network or the host was meant.
 */
struct cidr_list *cidr_list_parse(const char *text, char **problem)
    __attribute__((warn_unused_result));

/** cidr_list_holds(list, address): whether the textual ${address} lies in one of the networks;
 * false where it is no address. */
bool cidr_list_holds(const struct cidr_list *list, const char *address);

/** cidr_list_count(list): its entries; 0 for NULL. */
size_t cidr_list_count(const struct cidr_list *list);

/** cidr_list_free(list): NULL is allowed. */
void cidr_list_free(struct cidr_list *list);

#endif
