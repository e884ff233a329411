/*
 * A disk that a test holds up: loaded into a program with LD_PRELOAD. While the file named by
 * DTUHUB_SYNC_GATE is there, no sync ends; where it says "fail", each fails at once instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char failure[] = "fail";

/* 0: open, 1: closed, -1: it fails. */
static int gate(void)
{
    char text[sizeof(failure)] = "";
    const char *path = getenv("DTUHUB_SYNC_GATE");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    ssize_t got = read(fd, text, sizeof(failure) - 1);
    close(fd);
    return got > 0 && strcmp(text, failure) == 0 ? -1 : 1;
}

static int pass(long number, int fd)
{
    const struct timespec while_ms = {.tv_nsec = 2000000};
    int state;
    while ((state = gate()) > 0)
        nanosleep(&while_ms, NULL);
    if (state < 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(number, fd);
}

int fsync(int fd)
{
    return pass(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return pass(SYS_fdatasync, fd);
}
