using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Moe;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>
/// One way of serving a world's requests, drawn from a seed: engines of different sizes and thread counts, experts here or in shards, arrivals in any
/// order, any batches and chunks, drafts right and wrong, prefixes from the cache, requests thrown out and taken up again, or moved with
/// their KV. Every token that is sampled on the way, also again after a restart, is compared with the reference.
/// </summary>
internal sealed class Schedule : IDisposable
{
    private const int MostDrafts = 4;

    // Tiny steps and a disturbance every few of them would never end.
    private const int MostDisturbances = 40;
    private readonly World _world;
    private readonly Func<IExpertDispatcher, IExpertDispatcher>? _dispatch;
    private readonly Random _random;
    private readonly List<ExpertBank> _banks = [];
    private readonly List<Life> _waiting;
    private readonly Site[] _sites;
    private readonly int _chunkiness;
    private readonly int _unrest;
    private int _disturbances;

    /// <param name="world">The requests.</param>
    /// <param name="seed">Decides the schedule.</param>
    /// <param name="dispatch">Stands between the engines and the experts, which are in shards then.</param>
    public Schedule(World world, int seed, Func<IExpertDispatcher, IExpertDispatcher>? dispatch = null)
    {
        _world = world;
        _dispatch = dispatch;
        _random = new Random(HashOf(world.Seed, seed));
        _waiting = [.. world.Requests.Select((job, i) => new Life(i, job, _random.Next()))];
        _chunkiness = _random.Next(1, 4);
        _unrest = _random.Next(3) == 0 ? 0 : _random.Next(5, 30);
        _sites = [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => DrawSite())];
    }

    /// <summary>What happened, by kind: a schedule that tries nothing proves nothing.</summary>
    public SortedDictionary<string, int> Events { get; } = new(StringComparer.Ordinal);

    /// <summary>Serves all requests to their ends.</summary>
    public void Run()
    {
        while (_waiting.Count > 0 || _sites.Any(s => s.Running.Count > 0))
        {
            Disturb();
            foreach (var site in _sites)
            {
                Step(site);
            }
        }

        foreach (var site in _sites)
        {
            site.Pool.CheckIntegrity();
            Assert.Equal(0, site.Pool.Held);
        }
    }

    public void Dispose()
    {
        Array.ForEach(_sites, s => s.Dispose());
        _banks.ForEach(b => b.Dispose());
    }

    // string.GetHashCode and HashCode differ from run to run.
    private static int HashOf(int world, int schedule) => unchecked((world * 1_000_003) + schedule);

    private Site DrawSite()
    {
        // Room for the longest request and little more, or for all.
        var longest = _world.Requests.Max(r => KvLayout.BlocksFor(r.Prompt.Length + r.MaxTokens + MostDrafts));
        var blocks = _random.Next(2) == 0 ? longest + _random.Next(3) : longest * _world.Requests.Length;
        var budget = _random.Next(3) == 0 ? _random.Next(1, 8) : _random.Next(8, 160);
        var sharded = _world.Weights.Experts is not null && (_random.Next(3) == 0 || _dispatch is not null);
        return new Site(_world, 1 + _random.Next(4), blocks, budget, sharded ? Shards() : null);
    }

    private IExpertDispatcher Shards()
    {
        var config = _world.Checkpoint.Config;
        var owners = Enumerable.Range(0, config.NRoutedExperts!.Value).Select(_ => _random.Next(2)).ToArray();
        for (var shard = 0; shard < 2; shard++)
        {
            IReadOnlyList<int> mine = [.. Enumerable.Range(0, owners.Length).Where(e => owners[e] == shard)];
            _banks.Add(ExpertBank.Load(_world.Checkpoint, Enumerable.Range(0, config.TotalLayers).Where(config.IsMoeLayer).ToDictionary(l => l, _ => mine)));
        }

        var shards = new ShardedDispatcher([.. _banks[^2..]]);
        return _dispatch?.Invoke(shards) ?? shards;
    }

    private void Disturb()
    {
        while (_waiting.Count > 0 && _random.Next(3) == 0)
        {
            var life = _waiting[_random.Next(_waiting.Count)];
            _waiting.Remove(life);
            _sites[_random.Next(_sites.Length)].Admit(life, cached: _random.Next(4) > 0);
            Count(life.Produced > 0 ? "resumed" : "started", 1);
            Count("tokens from the cache", life.Computed);
        }

        if (_unrest == 0 || _random.Next(_unrest) > 0 || _disturbances == MostDisturbances)
        {
            return;
        }

        var running = _sites.SelectMany(s => s.Running).ToArray();
        if (running.Length > 0)
        {
            _disturbances++;
            var life = running[_random.Next(running.Length)];
            if (_random.Next(2) == 0)
            {
                Preempt(life);
            }
            else
            {
                Count("moved", _sites[_random.Next(_sites.Length)].TryTakeOver(life) ? 1 : 0);
            }
        }
    }

    private void Preempt(Life life)
    {
        life.Site!.Evict(life);
        _waiting.Add(life);
        Count("preempted", 1);
    }

    private void Step(Site site)
    {
        var chosen = new List<(Life Life, int Known, int[] Drafts, int Rows)>();
        var budget = site.Budget;
        site.Driver.Plan.Clear();
        foreach (var life in site.Running.OrderBy(_ => _random.Next()).ToArray())
        {
            if (life.Site != site || budget == 0 || _random.Next(4) == 0)
            {
                continue;
            }

            var most = Math.Min(life.Pending, budget);
            var known = _random.Next(_chunkiness) > 0 ? most : _random.Next(1, most + 1);
            var drafts = known == life.Pending ? Drafts(life, budget - known) : [];
            if (!MakeRoom(site, life, known + drafts.Length, [.. chosen.Select(c => c.Life)]))
            {
                continue;
            }

            // Rows behind the prompt can be sampled again whenever they are computed again.
            var sampled = life.Computed + known + drafts.Length - (life.Job.Prompt.Length - 1);
            var least = known == life.Pending ? 1 + drafts.Length : 0;
            var rows = _random.Next(2) == 0 ? least : Math.Max(least, Math.Min(sampled, known + drafts.Length));
            site.Driver.Plan.Add(new StepSequence
            {
                Tokens = (int[])[.. life.Tokens.GetRange(life.Computed, known), .. drafts],
                StartPosition = life.Computed,
                Blocks = life.Blocks.ToArray(),
                SampleRows = rows,
                Sampling = life.Job.Sampling,
                TopLogprobs = life.Job.TopLogprobs,
            });
            chosen.Add((life, known, drafts, rows));
            budget -= known + drafts.Length;
        }

        if (chosen.Count == 0)
        {
            return;
        }

        site.Driver.Engine.Step(site.Driver.Plan, site.Driver.Result);
        Count("steps", 1);
        for (var i = 0; i < chosen.Count; i++)
        {
            Take(site, i, chosen[i].Life, chosen[i].Known, chosen[i].Drafts, chosen[i].Rows);
        }
    }

    // Continuations of the reference are right by definition; others are almost always wrong.
    private int[] Drafts(Life life, int room)
    {
        var count = Math.Min(Math.Min(_random.Next(3) * _random.Next(MostDrafts), room), life.Job.MaxTokens - life.Produced - 1);
        var expected = _world.Expected[life.Index];
        return [.. Enumerable.Range(0, Math.Max(count, 0)).Select(i => _random.Next(4) > 0 ? expected[life.Produced + i].Token : _random.Next(_world.Checkpoint.Config.VocabSize))];
    }

    // Room is taken from requests of a lower rank only: the highest one always gets on.
    private bool MakeRoom(Site site, Life life, int tokens, HashSet<Life> planned)
    {
        while (!site.TryGrow(life, tokens))
        {
            var victims = site.Running.Where(l => l.Rank < life.Rank && !planned.Contains(l)).ToArray();
            if (victims.Length == 0)
            {
                return false;
            }

            Preempt(victims[_random.Next(victims.Length)]);
        }

        return true;
    }

    private void Take(Site site, int index, Life life, int known, int[] drafts, int rows)
    {
        var result = site.Driver.Result;
        var first = life.Computed + known + drafts.Length - rows - (life.Job.Prompt.Length - 1);
        var expected = _world.Expected[life.Index];
        var accepted = 0;
        for (var row = 0; row < rows; row++)
        {
            var token = first + row;
            Assert.Null(result.Token(index, row).Error);
            var outcome = Outcome.Of(result.Token(index, row), result.Logits(index, row));
            Assert.True(outcome == expected[token], $"request {life.Index}, token {token}: {outcome} where alone it is {expected[token]}");
            Count("tokens compared", 1);
            if (token < life.Produced)
            {
                continue;
            }

            life.Tokens.Add(outcome.Token);
            if (accepted == drafts.Length || drafts[accepted] != outcome.Token)
            {
                Count("drafts wrong", accepted < drafts.Length ? 1 : 0);
                break;
            }

            accepted++;
        }

        Count("drafts right", accepted);
        life.Computed += known + accepted;
        site.Publish(life);
        if (life.Done)
        {
            site.Evict(life);
        }
    }

    private void Count(string kind, int times) => Events[kind] = Events.GetValueOrDefault(kind) + times;
}
