/*
 * The least that a libfcgi program can do: the same few bytes to every request, from THREADS
 * threads.
 *
 *   hello SOCKET THREADS
 */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int listen_fd;

static void *serve(void *cookie)
{
    FCGX_Request request;
    (void)cookie;
    FCGX_InitRequest(&request, listen_fd, 0);
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_PutS("Content-Type: text/plain\r\n\r\nhello\n", request.out);
        FCGX_Finish_r(&request);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 3 || FCGX_Init() != 0 || (listen_fd = FCGX_OpenSocket(argv[1], 256)) < 0) {
        fputs("usage: hello SOCKET THREADS\n", stderr);
        return 1;
    }
    pthread_t thread;
    for (int i = 1; i < atoi(argv[2]); i++) {
        if (pthread_create(&thread, NULL, serve, NULL) != 0)
            return 1;
    }
    serve(NULL);
    return 0;
}
