using System.Collections.Immutable;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>A shard of one layer as the plan's keeper sees it: says what it holds, loads when it is told to, and notes what it is asked.</summary>
internal sealed class ShardFake(string node, int slots, params int[] experts)
{
    public const int Layer = 1;
    private readonly SortedDictionary<int, long> _rows = new(experts.ToDictionary(expert => expert, _ => 0L));

    public WorkerId Id { get; } = new(node, "expert-0");

    public Guid Incarnation { get; private set; } = Guid.NewGuid();

    /// <summary>Whether it answers.</summary>
    public bool IsAlive { get; set; } = true;

    /// <summary>Whether it loads what it is told to.</summary>
    public bool Loads { get; set; } = true;

    /// <summary>Why it will not.</summary>
    public string? Fault { get; set; }

    public long Epoch { get; private set; }

    public List<ShardAssignment> Assignments { get; } = [];

    public List<long> Retired { get; } = [];

    public IEnumerable<int> Held => _rows.Keys;

    public void Compute(int expert, long rows) => _rows[expert] += rows;

    /// <summary>Comes back under its name with what it held at first.</summary>
    public void Restart()
    {
        Incarnation = Guid.NewGuid();
        Epoch = 0;
        _rows.Clear();
        foreach (int expert in experts)
        {
            _rows[expert] = 0;
        }
    }

    public void Lose(int expert) => _rows.Remove(expert);

    public WorkerStatus Status() => new(Id, WorkerRole.Expert, new WorkerLoad(0, 0, 0, 0, 0, 0, 0, 0), TimeSpan.Zero, "weights", $"address of {node}", "format");

    public IExpertShardGrain Grain() => GrainFake.Of<IExpertShardGrain>((method, arguments) => !IsAlive
        ? throw new TimeoutException("dead")
        : method.Name switch
        {
            nameof(IExpertShardGrain.DescribeAsync) => Task.FromResult(Describe()),
            nameof(IExpertShardGrain.PrepareAsync) => Task.FromResult(Prepare((ShardAssignment)arguments[0]!)),
            _ => Retire((long)arguments[0]!),
        });

    private ExpertShardDescription Describe() =>
        new("", [Layer], [[.. _rows.Keys]], [[.. _rows.Values]]) { Incarnation = Incarnation, Slots = slots, Epoch = Epoch };

    private ShardProgress Prepare(ShardAssignment assignment)
    {
        if (Assignments.Count == 0 || Assignments[^1].Epoch != assignment.Epoch)
        {
            Assignments.Add(assignment);
        }

        ImmutableArray<int> wanted = assignment.Experts[0];
        if (Fault is not null)
        {
            return new ShardProgress(0, Fault);
        }

        foreach (int expert in Loads ? wanted : [])
        {
            _rows.TryAdd(expert, 0);
        }

        int missing = wanted.Count(expert => !_rows.ContainsKey(expert));
        Epoch = missing == 0 ? assignment.Epoch : Epoch;
        return new ShardProgress(missing, null);
    }

    private Task Retire(long epoch)
    {
        Retired.Add(epoch);
        foreach (int expert in Held.Except(Assignments[^1].Experts[0]).ToArray())
        {
            _rows.Remove(expert);
        }

        return Task.CompletedTask;
    }
}
