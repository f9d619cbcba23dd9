/* The place where a disk is made to lose, refuse, fail and stall: loaded before libc into a process
 * under test. It writes down what each write to a watched file replaces and what each fsync covers,
 * so that a test can take back whatever a power cut may take back. Renames are not watched: the
 * engine makes them past libc, and one that reached the disk at once is a legal outcome.
 *
 * FAULT_UNDER  paths that begin so are watched, but for the metadata
 * FAULT_LOG    the log: records of `struct record`, each followed by `size` bytes
 * FAULT_KEEP   a folder in which unlinked files are kept
 * FAULT_ORDER  a folder of orders: a file in it is obeyed. `enospc`: writes fail; `eio`: one fsync
 *              fails; `stall`: fsyncs wait until the file is gone; `cut`: the next fsync of a file
 *              kills the process before it begins
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct record {
    char kind; /* W write, T truncate, C create, U unlink, S sync, F sync that failed */
    char pad[7];
    uint64_t ino;
    uint64_t at;     /* W: offset; C, U: the folder's inode; S, F: where the log ended when it began */
    uint64_t length; /* W, T: the file's size before */
    uint64_t size;   /* bytes that follow: W: what was there before; C, U: path */
};

static const char *under, *keep, *order;
static int out = -1;
static uint64_t end;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int);
static int (*real_unlink)(const char *);
static int (*real_open)(const char *, int, ...);
static int (*real_mkdir)(const char *, mode_t);

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_open = dlsym(RTLD_NEXT, "open64");
    real_mkdir = dlsym(RTLD_NEXT, "mkdir");
    under = getenv("FAULT_UNDER");
    keep = getenv("FAULT_KEEP");
    order = getenv("FAULT_ORDER");
    const char *log = getenv("FAULT_LOG");
    if (under && log) out = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int watched_path(const char *path) {
    return out >= 0 && path && !strncmp(path, under, strlen(under)) && !strstr(path, "/meta.sqlite");
}

static int watched(int fd) {
    if (out < 0 || fd < 3) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return watched_path(path);
}

static int ordered(const char *what) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", order, what);
    return order && !access(path, F_OK);
}

/* The caller has the turn. */
static void note(struct record r, const void *bytes) {
    char *all = malloc(sizeof r + r.size);
    memcpy(all, &r, sizeof r);
    memcpy(all + sizeof r, bytes, r.size);
    size_t length = sizeof r + r.size, done = 0;
    while (done < length) {
        ssize_t n = real_write(out, all + done, length - done);
        if (n <= 0) abort();
        done += n;
    }
    end += length;
    free(all);
}

/* Writes down what a write of `length` bytes at `at` will replace. */
static void before(int fd, off_t at, size_t length) {
    struct stat found;
    if (fstat(fd, &found)) return;
    char *old = calloc(1, length + 1);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int reader = real_open(link, O_RDONLY | O_CLOEXEC);
    if (reader >= 0) {
        if (pread(reader, old, length, at) < 0) memset(old, 0, length);
        close(reader);
    }
    struct record r = {'W', "", found.st_ino, at, found.st_size, length};
    note(r, old);
    free(old);
}

static ssize_t put(int fd, const void *bytes, size_t length, off_t at, int here) {
    static int half;
    pthread_mutex_lock(&turn);
    if (ordered("enospc")) {
        half = !half && length > 1;
        if (!half) {
            pthread_mutex_unlock(&turn);
            errno = ENOSPC;
            return -1;
        }
        length /= 2;
    }
    if (here) {
        struct stat found;
        at = fcntl(fd, F_GETFL) & O_APPEND && !fstat(fd, &found) ? found.st_size
                                                                 : lseek(fd, 0, SEEK_CUR);
    }
    before(fd, at, length);
    ssize_t n = here ? real_write(fd, bytes, length) : real_pwrite(fd, bytes, length, at);
    pthread_mutex_unlock(&turn);
    return n;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    return watched(fd) ? put(fd, bytes, length, 0, 1) : real_write(fd, bytes, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    /* A short write is legal: the caller comes again with the rest. */
    for (int i = 0; i < count; i++)
        if (parts[i].iov_len) return write(fd, parts[i].iov_base, parts[i].iov_len);
    return 0;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
    return watched(fd) ? put(fd, bytes, length, at, 0) : real_pwrite(fd, bytes, length, at);
}

int ftruncate64(int fd, off_t length) {
    struct stat found;
    if (!watched(fd) || fstat(fd, &found)) return real_ftruncate(fd, length);
    pthread_mutex_lock(&turn);
    if (length < found.st_size) before(fd, length, found.st_size - length);
    struct record r = {'T', "", found.st_ino, 0, found.st_size, 0};
    note(r, "");
    int done = real_ftruncate(fd, length);
    pthread_mutex_unlock(&turn);
    return done;
}

static int sync_with(int (*real)(int), int fd) {
    if (!watched(fd)) return real(fd);
    while (ordered("stall")) nanosleep(&(struct timespec){0, 5000000}, NULL);
    struct stat found;
    if (fstat(fd, &found)) return real(fd);
    if (S_ISREG(found.st_mode) && ordered("cut")) kill(getpid(), SIGKILL);
    int fails = ordered("eio");
    pthread_mutex_lock(&turn);
    uint64_t until = end;
    pthread_mutex_unlock(&turn);
    int done = fails ? -1 : real(fd);
    /* What a failed sync did not bring to the disk, no later one does. */
    struct record r = {fails ? 'F' : 'S', "", found.st_ino, until, 0, 0};
    if (!done || fails) {
        pthread_mutex_lock(&turn);
        note(r, "");
        pthread_mutex_unlock(&turn);
    }
    if (fails) {
        char path[4096];
        snprintf(path, sizeof path, "%s/eio", order);
        real_unlink(path);
        errno = EIO;
    }
    return done;
}

int fsync(int fd) { return sync_with(real_fsync, fd); }
int fdatasync(int fd) { return sync_with(real_fdatasync, fd); }

static uint64_t parent(const char *path) {
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) *slash = 0;
    struct stat found;
    return stat(folder, &found) ? 0 : found.st_ino;
}

static void note_path(char kind, const char *path) {
    struct stat found;
    if (stat(path, &found)) return;
    struct record r = {kind, "", found.st_ino, parent(path), 0, strlen(path)};
    note(r, path);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (!watched_path(path) || !(flags & O_CREAT)) return real_open(path, flags, mode);
    pthread_mutex_lock(&turn);
    int is_new = access(path, F_OK);
    int fd = real_open(path, flags, mode);
    if (fd >= 0 && is_new) note_path('C', path);
    pthread_mutex_unlock(&turn);
    return fd;
}

int mkdir(const char *path, mode_t mode) {
    if (!watched_path(path)) return real_mkdir(path, mode);
    pthread_mutex_lock(&turn);
    int done = real_mkdir(path, mode);
    if (!done) note_path('C', path);
    pthread_mutex_unlock(&turn);
    return done;
}

int unlink(const char *path) {
    if (!watched_path(path)) return real_unlink(path);
    pthread_mutex_lock(&turn);
    struct stat found;
    if (!stat(path, &found)) {
        char kept[4096];
        snprintf(kept, sizeof kept, "%s/%llu", keep, (unsigned long long)found.st_ino);
        if (!link(path, kept)) note_path('U', path);
    }
    int done = real_unlink(path);
    pthread_mutex_unlock(&turn);
    return done;
}
