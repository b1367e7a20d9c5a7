/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages whose first use waits for somebody else: a user stays in the middle of
 * send(), with his socket, as long as a test wants.
 */
#ifndef TERN_FAULT_H
#define TERN_FAULT_H

#include <stdbool.h>

#define FAULT_PAGE	4096

char *fault_page(int *uffd);			/* NULL: no userfaultfd here */
bool fault_begun(int uffd);			/* somebody waits, SOON */
int fault_serve(int uffd, char *page);		/* with zeros */

#endif
