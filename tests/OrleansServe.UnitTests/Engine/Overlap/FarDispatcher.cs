using OrleansServe.Engine.Moe;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Overlap;

/// <summary>Experts that are elsewhere, as far as the engine can tell: outputs appear when they are waited for, and not before. Notes what is called.</summary>
/// <param name="bank">the experts</param>
/// <param name="name">of the dispatcher, in the notes</param>
/// <param name="calls">gets the notes; null for none</param>
internal sealed class FarDispatcher(ExpertBank bank, char name, List<string>? calls = null) : IExpertDispatcher
{
    private ExpertWork _work;
    private bool _begun;

    public bool IsAway { get; set; } = true;

    /// <summary>The layer whose rows never come back, once.</summary>
    public int? FailingLayer { get; set; }

    public void Begin(in ExpertWork work)
    {
        Assert.False(_begun);
        _begun = true;
        _work = work;
        calls?.Add($"{name}{work.Layer} begin {work.Rows}");
    }

    public void ComputeLocal()
    {
        Assert.True(_begun);
        calls?.Add($"{name}{_work.Layer} local");
    }

    public void Complete()
    {
        Assert.True(_begun);
        _begun = false;
        calls?.Add($"{name}{_work.Layer} complete");
        if (FailingLayer == _work.Layer)
        {
            FailingLayer = null;
            throw new ExpertUnavailableException(_work.Layer, _work.ExpertIds.Span[0], $"{name} is told to fail");
        }

        foreach (var expert in _work.Compute.Active)
        {
            _work.Compute.Take(expert, bank);
        }

        _work.Compute.Compute();
    }
}
