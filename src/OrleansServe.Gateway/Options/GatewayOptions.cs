namespace OrleansServe.Gateway.Options;

/// <summary>Limits and patience of a gateway.</summary>
public sealed class GatewayOptions
{
    /// <summary>Requests in work at once; one more is refused as overload. In [1, 65536].</summary>
    public int MaxConcurrentRequests { get; set; } = 1024;

    /// <summary>Largest request message in bytes; a larger one is refused as RESOURCE_EXHAUSTED by the gRPC server. In [1 KiB, 32 MiB].</summary>
    public int MaxRequestBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Most messages of a conversation. In [1, 65536].</summary>
    public int MaxMessages { get; set; } = 4096;

    /// <summary>Most log-probabilities of one prompt: its tokens times one more than the likeliest tokens asked for at each. In [1, 1048576].</summary>
    public int MaxPromptLogprobs { get; set; } = 262_144;

    /// <summary>Longest wait for the scheduler's answer. Longer than its own limit, so that its refusal is what a client sees.</summary>
    public TimeSpan AdmissionTimeout { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>Longest wait for a decode worker to reserve room or to take a request in.</summary>
    public TimeSpan DecodeCallTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait for a prompt to be computed.</summary>
    public TimeSpan PrefillTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest silence of a prefill worker that has a prompt before it is taken for gone; one that is well speaks every two seconds, and behind each layer that takes longer.</summary>
    public TimeSpan PrefillSilence { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest pause between two tokens before the worker is taken for gone.</summary>
    public TimeSpan TokenTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Longest wait for a worker or the scheduler to confirm that a request has ended.</summary>
    public TimeSpan ReleaseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for the scheduler's view of the cluster, as health checks and GetCluster ask for it.</summary>
    public TimeSpan SnapshotTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a request asks for other workers after the ones it got refused or failed. In [0, 16].</summary>
    public int MaxRetries { get; set; } = 3;

    /// <summary>How often a request, or one of its samples, may lose its worker and go on elsewhere; hand-overs by workers that stop are not counted. In [0, 64].</summary>
    public int MaxResumes { get; set; } = 5;

    /// <summary>How long a request that was interrupted asks for workers before it ends as UNAVAILABLE.</summary>
    public TimeSpan ResumeTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What a client is told to wait when this gateway itself is full.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Draws the seeds of requests that bring none, on many threads; null for cryptographic chance.</summary>
    public Func<ulong>? Seeds { get; set; }
}
