using OrleansServe.Cli.Bench.Serving.Running;

namespace OrleansServe.Cli.Bench.Serving.Results;

/// <summary>The figures of a run. Latencies and rates are those of the requests that finished; the others are counted by how they ended.</summary>
internal sealed class LoadFigures
{
    private readonly LoadRecord _run;
    private readonly RequestRecord[] _completed;

    /// <summary>Reckons.</summary>
    public LoadFigures(LoadRecord run, LatencyTargets targets)
    {
        _run = run;
        _completed = [.. run.Requests.Where(request => request.IsCompleted)];
        TimeToFirstToken = Over(request => request.TimeToFirstToken);
        InterTokenLatency = Distribution.Of(_completed.SelectMany(request => request.Gaps).Select(gap => (double)gap));
        TimePerOutputToken = Over(request => request.TimePerOutputToken);
        EndToEnd = Over(request => request.Total);
        SendDelay = Distribution.Of(run.Requests.Select(request => request.SendDelay.TotalSeconds));
        ServerTimeToFirstToken = Over(request => request.ServerTimeToFirstToken);
        ServerQueueTime = Over(request => request.ServerQueueTime);
        Failures = new SortedDictionary<string, int>(
            run.Requests.Where(request => !request.IsCompleted).GroupBy(request => request.Outcome).ToDictionary(group => group.Key, group => group.Count()),
            StringComparer.Ordinal);
        Good = targets.Any ? _completed.Count(targets.Met) : null;
    }

    /// <summary>Requests that finished.</summary>
    public int Completed => _completed.Length;

    /// <summary>Those of them that ended at the number of tokens asked for.</summary>
    public int ReachedLength => _completed.Count(request => request.ReachedLength);

    /// <summary>Requests that did not finish, by how they ended.</summary>
    public IReadOnlyDictionary<string, int> Failures { get; }

    /// <summary>Requests that were to come when the run was interrupted.</summary>
    public int NotSent => _run.Planned - _run.Requests.Count;

    /// <summary>Tokens of the prompts.</summary>
    public long InputTokens => _completed.Sum(request => (long)request.InputTokens);

    /// <summary>Those of them that the server found in its prefix cache.</summary>
    public long CachedInputTokens => _completed.Sum(request => (long)request.CachedInputTokens);

    /// <summary>Tokens of the answers.</summary>
    public long OutputTokens => _completed.Sum(request => (long)request.OutputTokens);

    /// <summary>Tokens that came before a request failed; in no rate.</summary>
    public long LostOutputTokens => _run.Requests.Sum(request => (long)request.OutputTokens) - OutputTokens;

    /// <summary>Requests that finished, a second.</summary>
    public double RequestsPerSecond => PerSecond(Completed);

    /// <summary>Prompt tokens of requests that finished, a second.</summary>
    public double InputTokensPerSecond => PerSecond(InputTokens);

    /// <summary>Tokens of finished answers, a second.</summary>
    public double OutputTokensPerSecond => PerSecond(OutputTokens);

    /// <summary>From sending to the first token, in seconds.</summary>
    public Distribution? TimeToFirstToken { get; }

    /// <summary>Between one message with tokens and the next, in seconds.</summary>
    public Distribution? InterTokenLatency { get; }

    /// <summary>Mean of each request after its first token, in seconds.</summary>
    public Distribution? TimePerOutputToken { get; }

    /// <summary>From sending to the end of the stream, in seconds.</summary>
    public Distribution? EndToEnd { get; }

    /// <summary>How much later than planned requests were sent, in seconds; of all of them.</summary>
    public Distribution? SendDelay { get; }

    /// <summary>The server's own time to the first token, in seconds.</summary>
    public Distribution? ServerTimeToFirstToken { get; }

    /// <summary>Time in the server's queues, as it says, in seconds.</summary>
    public Distribution? ServerQueueTime { get; }

    /// <summary>Requests that kept every target; null where there are none.</summary>
    public int? Good { get; }

    /// <summary>Those a second.</summary>
    public double? GoodPerSecond => Good is { } good ? PerSecond(good) : null;

    /// <summary>Their share of all that were sent.</summary>
    public double? GoodShare => Good is { } good ? (double)good / Math.Max(1, _run.Requests.Count) : null;

    private double PerSecond(long count) => _run.Duration > TimeSpan.Zero ? count / _run.Duration.TotalSeconds : 0;

    private Distribution? Over(Func<RequestRecord, TimeSpan?> measure) =>
        Distribution.Of(_completed.Select(measure).OfType<TimeSpan>().Select(value => value.TotalSeconds));
}
