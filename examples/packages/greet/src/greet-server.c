/* greet-server: greets over HTTP. GET /health answers "ok", GET /NAME greets NAME.
 *
 * It serves one client after the other, each for a few seconds at most: enough for greetings. */
#include "greet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENT_SECONDS 5

static volatile sig_atomic_t ending = 0;

static void end(int number)
{
    (void)number;
    ending = 1;
}

/* Tells systemd, where it runs us and wants to know, that clients are welcome (sd_notify(3)). */
static void say_ready(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || strlen(path) >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify < 0)
        return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (sendto(notify, "READY=1", 7, 0, (struct sockaddr *)&address, size) < 0)
        perror("greet-server: notify");
    close(notify);
}

/* A socket that listens on ADDRESS and PORT; ends the program where there is none. */
static int listening(const char *address, const char *port)
{
    char *rest;
    long number = strtol(port, &rest, 10);
    struct sockaddr_in place = {.sin_family = AF_INET};
    if (*rest != '\0' || number < 1 || number > 65535 || inet_pton(AF_INET, address, &place.sin_addr) != 1) {
        fprintf(stderr, "greet-server: no address and port: %s %s\n", address, port);
        exit(2);
    }
    place.sin_port = htons((uint16_t)number);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;
    if (server < 0 || setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
        bind(server, (struct sockaddr *)&place, sizeof place) < 0 || listen(server, 16) < 0) {
        perror("greet-server");
        exit(1);
    }
    return server;
}

static void answer(int client, const char *status, const char *text)
{
    char head[256];
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                          "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                          status, strlen(text) + 1);
    if (send(client, head, (size_t)length, MSG_NOSIGNAL | MSG_MORE) < 0 ||
        send(client, text, strlen(text), MSG_NOSIGNAL | MSG_MORE) < 0 || send(client, "\n", 1, MSG_NOSIGNAL) < 0)
        perror("greet-server: send");
}

static void serve(int client)
{
    struct timeval limit = {.tv_sec = CLIENT_SECONDS};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);

    char request[2048];
    size_t filled = 0;
    while (filled < sizeof request - 1) {
        ssize_t count = recv(client, request + filled, sizeof request - 1 - filled, 0);
        if (count <= 0)
            return;
        filled += (size_t)count;
        request[filled] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL)
            break;
    }
    char path[256];
    if (sscanf(request, "GET /%255[^ \r\n] HTTP/1.", path) != 1) {
        path[0] = '\0';
        if (strncmp(request, "GET / ", 6) != 0) {
            answer(client, "400 Bad Request", "only GET /NAME and GET /health");
            return;
        }
    }
    if (strcmp(path, "health") == 0) {
        answer(client, "200 OK", "ok");
        return;
    }
    char *text = greet_text(path);
    if (text == NULL)
        answer(client, "500 Internal Server Error", "out of memory");
    else
        answer(client, "200 OK", text);
    free(text);
}

int main(int count, char **words)
{
    if (count != 3) {
        fprintf(stderr, "usage: greet-server ADDRESS PORT\n");
        return 2;
    }
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    int server = listening(words[1], words[2]);
    say_ready();
    while (!ending) {
        int client = accept4(server, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0) {
            if (errno != EINTR)
                perror("greet-server: accept");
            continue;
        }
        serve(client);
        close(client);
    }
    close(server);
    return 0;
}
