namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>What goes wrong in one run, drawn from its seed; counts the steps as they come and tells what happens at each.</summary>
internal sealed class FaultScript
{
    public static readonly FaultStep[] Steps = Enum.GetValues<FaultStep>();
    public static readonly FaultAction[] Actions = Enum.GetValues<FaultAction>();

    private readonly int[] _seen = new int[Steps.Length];
    private readonly List<FaultEvent> _due;

    public FaultScript(IEnumerable<FaultEvent> events) => _due = [.. events];

    /// <summary>Those that have happened.</summary>
    public List<FaultEvent> Happened { get; } = [];

    /// <summary>Draws a run's events. The first goes through all pairs of step and action from seed to seed; up to three others come as chance has it.</summary>
    public static FaultScript Draw(int seed, Random random)
    {
        (FaultStep Step, FaultAction Action)[] pairs = [.. Pairs()];
        (FaultStep Step, FaultAction Action) first = pairs[seed % pairs.Length];
        List<FaultEvent> events = [Event(first, random.Next(3) == 0 ? random.Next(8) : 0)];
        if (first.Step == FaultStep.Reset)
        {
            // Comes only where something else has gone wrong.
            events.Add(Event((FaultStep.KvBlock, FaultAction.AbortDecode), 0));
        }

        for (int more = random.Next(4); more > 0; more--)
        {
            (FaultStep step, FaultAction action) = pairs[random.Next(pairs.Length)];
            events.Add(Event((step, action), random.Next(step is FaultStep.KvBlock ? 20 : 6)));
        }

        return new FaultScript(events);

        FaultEvent Event((FaultStep Step, FaultAction Action) pair, int occurrence) =>
            new(pair.Step, occurrence, pair.Action, pair.Action == FaultAction.Delay ? 1 << random.Next(11) : random.Next(1 << 20));
    }

    /// <summary>Every step with every action that has a meaning there.</summary>
    public static IEnumerable<(FaultStep Step, FaultAction Action)> Pairs() =>
        from step in Steps
        from action in Actions
        where !IsCall(step) || action is FaultAction.Drop or FaultAction.Delay or FaultAction.Duplicate or > FaultAction.Stall
        select (step, action);

    public static bool IsCall(FaultStep step) => step >= FaultStep.Reserve;

    /// <summary>A step has come: what happens at it.</summary>
    public IReadOnlyList<FaultEvent> Take(FaultStep step)
    {
        int occurrence = _seen[(int)step]++;
        FaultEvent[] now = [.. _due.Where(due => due.Step == step && due.Occurrence == occurrence)];
        _due.RemoveAll(now.Contains);
        Happened.AddRange(now);
        return now;
    }
}
