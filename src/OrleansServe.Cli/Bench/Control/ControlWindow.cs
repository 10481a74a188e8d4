namespace OrleansServe.Cli.Bench.Control;

/// <summary>What a stretch of time brought and cost: differences between its end and its beginning.</summary>
internal sealed record ControlWindow
{
    /// <summary>How long it was.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Processor time of this process, user and system.</summary>
    public required TimeSpan Cpu { get; init; }

    /// <summary>Bytes allocated on the managed heap.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>Tokens that engines sampled.</summary>
    public required long SampledTokens { get; init; }

    /// <summary>Tokens that reached clients of this process.</summary>
    public required long DeliveredTokens { get; init; }

    /// <summary>Messages in which they did.</summary>
    public required long Messages { get; init; }

    /// <summary>Requests of this process that ended well.</summary>
    public required long Completed { get; init; }

    /// <summary>Lets a stretch of time pass, and measures it.</summary>
    public static async Task<ControlWindow> MeasureAsync(TimeSpan length, ControlCounters counters, TimeProvider time, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long allocated = GC.GetTotalAllocatedBytes();
        (long sampled, long delivered, long messages, long completed) = (counters.SampledTokens, counters.DeliveredTokens, counters.Messages, counters.Completed);
        await Task.Delay(length, time, cancellationToken);
        return new ControlWindow
        {
            SampledTokens = counters.SampledTokens - sampled,
            DeliveredTokens = counters.DeliveredTokens - delivered,
            Messages = counters.Messages - messages,
            Completed = counters.Completed - completed,
            AllocatedBytes = GC.GetTotalAllocatedBytes() - allocated,
            Cpu = Environment.CpuUsage.TotalTime - cpu,
            Elapsed = time.GetElapsedTime(begin),
        };
    }
}
