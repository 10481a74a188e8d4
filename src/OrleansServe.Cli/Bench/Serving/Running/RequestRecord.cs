namespace OrleansServe.Cli.Bench.Serving.Running;

/// <summary>What became of one request, as the client saw it.</summary>
internal sealed record RequestRecord
{
    /// <summary>How a request that finished ended.</summary>
    public const string Completed = "OK";

    /// <summary>How a request ended that was under way when the run was interrupted.</summary>
    public const string Interrupted = "INTERRUPTED";

    /// <summary>How a request ended whose stream was not of the form that the API promises.</summary>
    public const string Malformed = "MALFORMED_STREAM";

    /// <summary>When it was sent, from the start of the run.</summary>
    public required TimeSpan Sent { get; init; }

    /// <summary>How much later than planned that was.</summary>
    public required TimeSpan SendDelay { get; init; }

    /// <summary><see cref="Completed"/>, a status of gRPC by its name in the specification, or one of the other constants.</summary>
    public required string Outcome { get; init; }

    /// <summary>What the server said about an outcome other than <see cref="Completed"/>.</summary>
    public string Detail { get; init; } = "";

    /// <summary>From sending to the first token; null where none came.</summary>
    public TimeSpan? TimeToFirstToken { get; init; }

    /// <summary>From sending to the end of the stream.</summary>
    public required TimeSpan Total { get; init; }

    /// <summary>From the first token to the last.</summary>
    public TimeSpan Generating { get; init; }

    /// <summary>Seconds between one message with tokens and the next.</summary>
    public IReadOnlyList<float> Gaps { get; init; } = [];

    /// <summary>Tokens that came.</summary>
    public int OutputTokens { get; init; }

    /// <summary>Tokens of the prompt, as the server counts them; 0 if it never said.</summary>
    public int InputTokens { get; init; }

    /// <summary>Those of them that it found in its prefix cache.</summary>
    public int CachedInputTokens { get; init; }

    /// <summary>The server's own time to the first token; null if it never said.</summary>
    public TimeSpan? ServerTimeToFirstToken { get; init; }

    /// <summary>Time that the server says the request waited for a worker; null if it never said.</summary>
    public TimeSpan? ServerQueueTime { get; init; }

    /// <summary>Whether it ended at the number of tokens asked for.</summary>
    public bool ReachedLength { get; init; }

    /// <summary>It finished.</summary>
    public bool IsCompleted => Outcome == Completed;

    /// <summary>Mean time of a token after the first; null for fewer than two.</summary>
    public TimeSpan? TimePerOutputToken => OutputTokens > 1 ? Generating / (OutputTokens - 1) : null;
}
