using OrleansServe.Abstractions.Scheduling;

namespace OrleansServe.Grains.Scheduling;

/// <summary>Counts what is asked for, by class.</summary>
internal sealed class DemandCounter
{
    private static readonly ServicePriority[] Priorities = Enum.GetValues<ServicePriority>();

    private readonly long[] _prompts = new long[Priorities.Length];
    private readonly long[] _outputs = new long[Priorities.Length];
    private long _admittedPrompts;
    private long _endedOutputs;

    /// <summary>A request has come.</summary>
    public void Arrived(AdmissionRequest request)
    {
        int index = IndexOf(request);
        _prompts[index] += request.PromptTokens;
        _outputs[index] += OutputOf(request);
    }

    /// <summary>A request has been admitted.</summary>
    public void Admitted(AdmissionRequest request) => _admittedPrompts += request.PromptTokens;

    /// <summary>An admitted request has ended.</summary>
    public void Ended(AdmissionRequest request) => _endedOutputs += OutputOf(request);

    /// <summary>The sums so far.</summary>
    /// <param name="waiting">Requests that wait.</param>
    /// <param name="since">When counting began.</param>
    /// <param name="now">Time since then.</param>
    public DemandStatus Read(IEnumerable<PendingAdmission> waiting, DateTimeOffset since, TimeSpan now)
    {
        ClassDemand[] classes = [.. Priorities.Select((priority, i) => new ClassDemand(priority, _prompts[i], _outputs[i], 0, 0, TimeSpan.Zero))];
        foreach (PendingAdmission pending in waiting)
        {
            ref ClassDemand demand = ref classes[IndexOf(pending.Request)];
            TimeSpan wait = now - pending.Arrived;
            demand = demand with
            {
                QueuedPromptTokens = demand.QueuedPromptTokens + pending.Request.PromptTokens,
                QueuedOutputTokens = demand.QueuedOutputTokens + OutputOf(pending.Request),
                OldestWait = wait > demand.OldestWait ? wait : demand.OldestWait,
            };
        }

        return new DemandStatus(since, now, [.. classes], _admittedPrompts, _endedOutputs);
    }

    private static long OutputOf(AdmissionRequest request) => (long)request.MaxTokens * request.Samples;

    // Unknown ones are served as standard, see ServiceClasses.
    private static int IndexOf(AdmissionRequest request) => Math.Max(0, Array.IndexOf(Priorities, request.Scheduling.Priority));
}
