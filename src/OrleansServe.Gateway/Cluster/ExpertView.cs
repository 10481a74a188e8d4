using OrleansServe.Abstractions.Experts;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Cluster;

/// <summary>Writes the experts' plan and its heat for clients.</summary>
internal static class ExpertView
{
    public static Protocol.V1.ExpertPlan Of(ExpertHeat heat)
    {
        Protocol.V1.ExpertPlan view = new() { State = heat.State };
        if (heat.Plan is not { } plan)
        {
            return view;
        }

        view.Epoch = plan.Epoch;
        view.Shards.AddRange(plan.Shards.Select(shard => shard.Worker.Key));
        for (int i = 0; i < plan.Layers.Length; i++)
        {
            ExpertLayer layer = new() { Layer = plan.Layers[i].Layer };
            for (int shard = 0; shard < plan.Shards.Length; shard++)
            {
                ExpertHolding holding = new();
                holding.Experts.AddRange(plan.Layers[i].Experts[shard]);
                holding.Shares.AddRange(plan.Layers[i].Shares[shard]);
                holding.Rows.AddRange(heat.Rows[i][shard]);
                layer.Shards.Add(holding);
            }

            long[] rows = [.. layer.Shards.Select(holding => holding.Rows.Sum())];
            layer.Balancedness = rows.Max() > 0 ? rows.Average() / rows.Max() : 1;
            view.Layers.Add(layer);
        }

        return view;
    }
}
