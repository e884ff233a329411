/* What a writer tells others. */
#include "collector/store/writer_parts.h"

void writer_listen(struct writer *writer, const struct writer_listener *listener)
{
    pthread_mutex_lock(&writer->lock);
    writer->listener = listener != NULL ? *listener : (struct writer_listener){0};
    if (writer->settled && writer->listener.settled != NULL)
        writer->listener.settled(writer->listener.cookie);
    pthread_mutex_unlock(&writer->lock);
}

void writer_settled(struct writer *writer)
{
    writer->tidied = true;
    pthread_mutex_lock(&writer->lock);
    writer->settled = true;
    if (writer->listener.settled != NULL)
        writer->listener.settled(writer->listener.cookie);
    pthread_mutex_unlock(&writer->lock);
}
