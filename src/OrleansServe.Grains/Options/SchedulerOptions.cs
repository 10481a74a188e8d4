namespace OrleansServe.Grains.Options;

/// <summary>How the scheduler admits.</summary>
public sealed class SchedulerOptions
{
    /// <summary>Requests that wait for admission at most; beyond them a request is refused at once.</summary>
    public int MaxQueuedRequests { get; set; } = 512;

    /// <summary>How long a request waits for admission at most.</summary>
    public TimeSpan MaxQueueTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>What a refused client is told to wait.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Prompt tokens queued at one prefill worker.</summary>
    public long MaxQueuedTokens { get; set; } = 8192;

    /// <summary>Requests in one decode worker's batch.</summary>
    public int MaxRequestsPerDecodeWorker { get; set; } = 256;

    /// <summary>For so long after it has come to a silo the scheduler waits for workers to report before it says that there are none.</summary>
    public TimeSpan SettleTime { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A worker that has not reported for so long counts as gone.</summary>
    public TimeSpan WorkerTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
