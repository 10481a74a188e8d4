using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Weights;

namespace OrleansServe.UnitTests.Engine.Moe;

/// <summary>Computes experts on the engine's threads, as <see cref="LocalExpertDispatcher"/> does, and counts what is read of their weights.</summary>
internal sealed class CountingDispatcher(ExpertBank bank) : IExpertDispatcher
{
    private ExpertWork _work;

    /// <summary>The matrices of each expert computed: one entry for each time that a layer asked for it.</summary>
    public List<(int Layer, int Expert, int Slots, CountingWeight[] Matrices)> Computed { get; } = [];

    /// <summary>Expert ids of each layer's rows, [rows, topk].</summary>
    public List<(int Layer, int[] Ids)> Routed { get; } = [];

    public void Begin(in ExpertWork work)
    {
        _work = work;
        Routed.Add((work.Layer, work.ExpertIds.ToArray()));
    }

    public void Complete()
    {
        foreach (var expert in _work.Compute.Active)
        {
            var weights = bank.Get(_work.Layer, expert);
            CountingWeight gate = new(weights.Gate), up = new(weights.Up), down = new(weights.Down);
            _work.Compute.Take(expert, new MlpWeights(gate, up, down));
            Computed.Add((_work.Layer, expert, _work.Compute.SlotsOf(expert).Length, [gate, up, down]));
        }

        _work.Compute.Compute();
    }
}
