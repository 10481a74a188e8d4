using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Mtp;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>An engine that tells whether it is disposed.</summary>
internal sealed class WatchedEngine(IEngine inner) : IEngine
{
    private volatile bool _disposed;

    public bool IsDisposed => _disposed;

    public EngineInfo Info => inner.Info;

    public IKvMemory Kv => inner.Kv;

    /// <summary>Called before each step, on the engine's thread.</summary>
    public Action<StepPlan>? Stepping { get; set; }

    public void Step(StepPlan plan, StepResult result)
    {
        Stepping?.Invoke(plan);
        inner.Step(plan, result);
    }

    public void Draft(DraftPlan plan) => inner.Draft(plan);

    public void Dispose()
    {
        _disposed = true;
        inner.Dispose();
    }
}
