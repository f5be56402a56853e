/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem.h"

int
pem_no_password(char *text, int size, int writing, void *arg)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}
