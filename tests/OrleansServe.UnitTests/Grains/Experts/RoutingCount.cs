using OrleansServe.Engine.Moe;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>Counts the rows that the engine gives to each expert, and passes them on.</summary>
internal sealed class RoutingCount(IExpertDispatcher next) : IExpertDispatcher
{
    public Dictionary<(int Layer, int Expert), long> Rows { get; } = [];

    public void Begin(in ExpertWork work)
    {
        foreach (int expert in work.ExpertIds.Span)
        {
            Rows[(work.Layer, expert)] = Rows.GetValueOrDefault((work.Layer, expert)) + 1;
        }

        next.Begin(work);
    }

    public void Complete() => next.Complete();
}
