using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Moe;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>The engines of one schedule: of different sizes and thread counts, with the experts at hand or in shards, there with one microbatch or two.</summary>
internal sealed class Cluster : IDisposable
{
    private readonly List<ExpertBank> _banks = [];

    public Cluster(World world, Random random, int drafts, Func<IExpertDispatcher, IExpertDispatcher>? dispatch) =>
        Sites = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => DrawSite(world, random, drafts, dispatch))];

    public Site[] Sites { get; }

    public void Dispose()
    {
        Array.ForEach(Sites, s => s.Dispose());
        _banks.ForEach(b => b.Dispose());
    }

    private Site DrawSite(World world, Random random, int drafts, Func<IExpertDispatcher, IExpertDispatcher>? dispatch)
    {
        // Room for the longest request and little more, or for all.
        var longest = world.Requests.Max(r => KvLayout.BlocksFor(r.Prompt.Length + r.MaxTokens + drafts));
        var blocks = random.Next(2) == 0 ? longest + random.Next(3) : longest * world.Requests.Length;

        // A model with an MTP layer feeds the last cached token once more, and at least one beside it.
        var least = world.Weights.HasMtp ? 2 : 1;
        var budget = random.Next(3) == 0 ? random.Next(least, 8) : random.Next(8, 160);
        var sharded = world.Weights.Experts is not null && (random.Next(3) == 0 || dispatch is not null);
        return new Site(world, 1 + random.Next(4), blocks, budget, dividesRows: random.Next(2) == 0, sharded ? Shards(world, random, dispatch) : []);
    }

    private IExpertDispatcher[] Shards(World world, Random random, Func<IExpertDispatcher, IExpertDispatcher>? dispatch)
    {
        var config = world.Checkpoint.Config;
        var owners = Enumerable.Range(0, config.NRoutedExperts!.Value).Select(_ => random.Next(2)).ToArray();
        for (var shard = 0; shard < 2; shard++)
        {
            IReadOnlyList<int> mine = [.. Enumerable.Range(0, owners.Length).Where(e => owners[e] == shard)];
            _banks.Add(ExpertBank.Load(world.Checkpoint, Enumerable.Range(0, config.TotalLayers).Where(config.IsMoeLayer).ToDictionary(l => l, _ => mine), world.Format));
        }

        return [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => new ShardedDispatcher([.. _banks[^2..]])).Select(shards => dispatch?.Invoke(shards) ?? shards)];
    }
}
