/* Messages by MPI: see mpi.h.
 *
 * A message is one buffer: kind, point, then the text without its final NUL. They are few and small
 * beside a simulation, so that blocking sends do; only the thread that called cs_mpi_start talks.
 * Errors of MPI end the job (MPI_ERRORS_ARE_FATAL, its default): a lost process is not survived.
 */
#include "plan/mpi.h"
#include "base/check.h"
#include <mpi.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TAG = 7 };
struct head {
    uint64_t kind, point;
};

static int rank, size = 1;
static bool joined;

bool cs_mpi_is_built(void)
{
    return true;
}

void cs_mpi_start(void)
{
    int level;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    joined = true;
}

int cs_mpi_rank(void)
{
    return rank;
}

int cs_mpi_size(void)
{
    return size;
}

void cs_mpi_send(int to, enum cs_mpi_kind kind, size_t point, const char *text)
{
    const size_t length = text != NULL ? strlen(text) : 0;
    char *const buffer = malloc(sizeof(struct head) + length);
    cs_check(buffer != NULL);
    const struct head head = {kind, point};
    memcpy(buffer, &head, sizeof head);
    if (length > 0)
        memcpy(buffer + sizeof head, text, length);
    MPI_Send(buffer, (int)(sizeof head + length), MPI_BYTE, to, TAG, MPI_COMM_WORLD);
    free(buffer);
}

bool cs_mpi_take(struct cs_mpi_message *m)
{
    int there = 0, bytes;
    MPI_Status status;
    if (size > 1)
        MPI_Iprobe(MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &there, &status);
    if (!there)
        return false;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    cs_check(bytes >= (int)sizeof(struct head));
    const size_t length = (size_t)bytes - sizeof(struct head);
    char *const buffer = malloc((size_t)bytes), *const text = malloc(length + 1);
    cs_check(buffer != NULL && text != NULL);
    MPI_Recv(buffer, bytes, MPI_BYTE, status.MPI_SOURCE, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    struct head head;
    memcpy(&head, buffer, sizeof head);
    memcpy(text, buffer + sizeof head, length);
    text[length] = '\0';
    free(buffer);
    *m = (struct cs_mpi_message){status.MPI_SOURCE, (enum cs_mpi_kind)head.kind, (size_t)head.point,
                                 text};
    return true;
}

bool cs_mpi_agree(unsigned long long what)
{
    unsigned long long ends[2] = {what, ~what}, least[2];
    if (!joined)
        return true;
    MPI_Allreduce(ends, least, 2, MPI_UNSIGNED_LONG_LONG, MPI_MIN, MPI_COMM_WORLD);
    return least[0] == what && ~least[1] == what;
}

void cs_mpi_end(void)
{
    if (joined)
        MPI_Finalize();
    joined = false;
}
