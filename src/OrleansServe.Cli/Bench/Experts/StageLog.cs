using OrleansServe.Engine.Overlap;

namespace OrleansServe.Cli.Bench.Experts;

/// <summary>Notes when the stages of one step began and how long its rows were away.</summary>
/// <param name="time">Measures.</param>
internal sealed class StageLog(TimeProvider time) : IStageObserver
{
    /// <summary>Stages in the order in which they began.</summary>
    public List<StageEntry> Stages { get; } = [];

    /// <summary>Rows' ways, and the waits for them.</summary>
    public List<WaitEntry> Waits { get; } = [];

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Stages.Clear();
        Waits.Clear();
    }

    /// <inheritdoc/>
    public void Begin(int layer, int microbatch, OverlapStage stage) => Stages.Add(new StageEntry(layer, microbatch, stage, time.GetTimestamp()));

    /// <summary>A wait has ended.</summary>
    /// <param name="layer">Layer of the rows.</param>
    /// <param name="microbatch">0 or 1.</param>
    /// <param name="begun">When it began.</param>
    /// <param name="ended">When it ended.</param>
    /// <param name="away">The way of the rows that came back last; empty if none were away.</param>
    public void Waited(int layer, int microbatch, long begun, long ended, FarTimes away) => Waits.Add(new WaitEntry(layer, microbatch, begun, ended, away));

    /// <summary>A stage that began.</summary>
    internal readonly record struct StageEntry(int Layer, int Microbatch, OverlapStage Stage, long Begun);

    /// <summary>Rows that were away, and the part of it that the engine waited.</summary>
    internal readonly record struct WaitEntry(int Layer, int Microbatch, long Begun, long Ended, FarTimes Away);
}
