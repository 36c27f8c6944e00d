/* Preloaded, it lets reads of the file FAIL_READS_OF fail as those of a broken disk do, while the file FAIL_READS_WHILE exists. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(int fd) {
  const char *while_exists = getenv("FAIL_READS_WHILE");
  char link[64], path[PATH_MAX] = "";
  if (access(while_exists, F_OK) != 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (readlink(link, path, sizeof path - 1) < 0) return 0;
  return strcmp(path, getenv("FAIL_READS_OF")) == 0;
}

ssize_t pread64(int fd, void *buffer, size_t count, off64_t offset) {
  static ssize_t (*next)(int, void *, size_t, off64_t);
  if (next == NULL) next = dlsym(RTLD_NEXT, "pread64");
  if (fails(fd)) {
    errno = EIO;
    return -1;
  }
  return next(fd, buffer, count, offset);
}

ssize_t pread(int fd, void *buffer, size_t count, off_t offset) { return pread64(fd, buffer, count, offset); }
