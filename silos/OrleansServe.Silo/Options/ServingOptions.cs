namespace OrleansServe.Silo.Options;

/// <summary>What the cluster promises its clients, and how much it takes on. The same on every silo.</summary>
public sealed record ServingOptions
{
    /// <summary>Time to the first token of interactive requests.</summary>
    public TimeSpan InteractiveFirstToken { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between two tokens of interactive requests.</summary>
    public TimeSpan InteractiveBetweenTokens { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Time to the first token of standard requests.</summary>
    public TimeSpan StandardFirstToken { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between two tokens of standard requests.</summary>
    public TimeSpan StandardBetweenTokens { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Time to the first token of batch requests.</summary>
    public TimeSpan BatchFirstToken { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between two tokens of batch requests.</summary>
    public TimeSpan BatchBetweenTokens { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Share of its max_tokens that a request is expected not to use, in [0, 1].</summary>
    public double Overcommit { get; init; } = 0.75;

    /// <summary>Tokens of prompts that a step takes at least.</summary>
    public int PromptFloor { get; init; } = 64;

    /// <summary>Requests that wait for admission at most.</summary>
    public int MaxQueuedRequests { get; init; } = 512;

    /// <summary>How long a request waits for admission at most.</summary>
    public TimeSpan MaxQueueTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Prompt tokens queued at one prefill worker.</summary>
    public int MaxQueuedTokens { get; init; } = 8192;

    /// <summary>Requests in work at one gateway.</summary>
    public int MaxConcurrentRequests { get; init; } = 1024;

    /// <summary>Largest request message in bytes.</summary>
    public int MaxRequestBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Longest silence of a prefill worker that has a prompt before it is taken for gone.</summary>
    public TimeSpan PrefillSilence { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest pause between two tokens before a worker is taken for gone.</summary>
    public TimeSpan TokenTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a request may lose its worker and go on elsewhere.</summary>
    public int MaxResumes { get; init; } = 5;

    /// <summary>How long an interrupted request asks for workers.</summary>
    public TimeSpan ResumeTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
