/* MPI: a sweep's processes on many machines, as far as the sweep needs to know.
 *
 * Rank 0 hands out points and takes answers; the others plan. Messages are a kind, a point and a
 * text. Built with `make MPI=1` this is mpi.c; otherwise mpi_none.c, where there is one process and
 * nobody to talk to.
 *
 * The rule: a process that dies takes the whole job with it, as MPI has it; the points that rank 0
 * has committed stay, and --resume plans the others.
 */
#ifndef CS_PLAN_MPI_H
#define CS_PLAN_MPI_H
#include <stdbool.h>
#include <stddef.h>

enum cs_mpi_kind {
    CS_MPI_READY,  /* to 0: so many points may be sent (in `point`) */
    CS_MPI_POINT,  /* from 0: plan this one */
    CS_MPI_ANSWER, /* to 0: its answer, as text */
    CS_MPI_STOP    /* from 0: there is nothing more */
};
struct cs_mpi_message {
    int from;
    enum cs_mpi_kind kind;
    size_t point;
    char *text; /* malloc'd, NULL: none */
};

bool cs_mpi_is_built(void);
/* Joins the other processes; once, before anything else is asked. */
void cs_mpi_start(void);
int cs_mpi_rank(void);
int cs_mpi_size(void);
void cs_mpi_send(int to, enum cs_mpi_kind kind, size_t point, const char *text);
/* A message, if one is there. */
bool cs_mpi_take(struct cs_mpi_message *message);
/* Whether all processes say the same of it, such as what the sweep is. */
bool cs_mpi_agree(unsigned long long what);
/* Leaves; the others must too. */
void cs_mpi_end(void);

#endif
