/* The one place that names the version; --version and the portal print it. */
#ifndef DTUHUB_BASE_VERSION_H
#define DTUHUB_BASE_VERSION_H

#define DTUHUB_VERSION "0.1.0"

#endif
