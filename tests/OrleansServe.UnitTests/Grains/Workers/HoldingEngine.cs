using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Mtp;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>An engine that stands still within a step, behind a layer of the test's choice, until it is let go.</summary>
/// <param name="inner">Does the work; the holding engine's from now on.</param>
internal sealed class HoldingEngine(IEngine inner) : IEngine
{
    private readonly SemaphoreSlim _release = new(0);
    private TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile int _layer = -1;

    public EngineInfo Info => inner.Info;

    public IKvMemory Kv => inner.Kv;

    /// <summary>Completes when the engine stands still.</summary>
    public Task Held => _held.Task;

    public void HoldAfterLayer(int layer)
    {
        _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _layer = layer;
    }

    public void Release()
    {
        if (_layer >= 0)
        {
            _layer = -1;
            _release.Release();
        }
    }

    public void Step(StepPlan plan, StepResult result)
    {
        Action<int>? completed = plan.LayerCompleted;
        plan.LayerCompleted = layer =>
        {
            completed?.Invoke(layer);
            if (layer == _layer)
            {
                _held.TrySetResult();
                _release.Wait(TimeSpan.FromMinutes(1));
            }
        };
        try
        {
            inner.Step(plan, result);
        }
        finally
        {
            plan.LayerCompleted = completed;
        }
    }

    public void Draft(DraftPlan plan) => inner.Draft(plan);

    public void Dispose()
    {
        inner.Dispose();
        _release.Dispose();
    }
}
