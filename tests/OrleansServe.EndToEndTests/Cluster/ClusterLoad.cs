using OrleansServe.Protocol.V1;

namespace OrleansServe.EndToEndTests.Cluster;

/// <summary>Sends requests, a fixed number at a time, and keeps what came of them.</summary>
internal static class ClusterLoad
{
    /// <summary>Streams that run at once.</summary>
    public const int Concurrency = 24;

    /// <summary>Sends the requests of numbers 0 to <paramref name="count"/> - 1.</summary>
    /// <param name="client">Gives the client of a request, by number.</param>
    /// <param name="count">How many.</param>
    /// <param name="onDone">Told how many have ended.</param>
    /// <returns>By number.</returns>
    public static async Task<StreamRecord[]> RunAsync(Func<InferenceService.InferenceServiceClient> client, int count, Action<int>? onDone = null)
    {
        StreamRecord[] records = new StreamRecord[count];
        int done = 0;
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = Concurrency }, async (number, cancellationToken) =>
        {
            records[number] = await StreamRecord.ReadAsync(client().Chat(ClusterRequests.Of(number), cancellationToken: cancellationToken));
            onDone?.Invoke(Interlocked.Increment(ref done));
        });
        return records;
    }

    /// <summary>The record at a share of all, in the order of a figure.</summary>
    public static TimeSpan Percentile(IEnumerable<TimeSpan> values, double share)
    {
        TimeSpan[] ordered = [.. values.Order()];
        return ordered[Math.Min(ordered.Length - 1, (int)(ordered.Length * share))];
    }
}
