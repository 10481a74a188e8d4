using OrleansServe.Engine;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Mtp;
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

    // Hundreds of times what the longest schedule takes: one that goes nowhere is to fail and to name its seed.
    private const int MostRounds = 1_000_000;
    private readonly World _world;
    private readonly Random _random;
    private readonly List<Life> _waiting;
    private readonly Cluster _cluster;
    private readonly int _chunkiness;
    private readonly int _unrest;
    private readonly Dictionary<(int Request, int Position), int[]> _guesses = [];
    private int _disturbances;

    /// <param name="world">The requests.</param>
    /// <param name="seed">Decides the schedule.</param>
    /// <param name="dispatch">Stands between the engines and the experts, which are in shards then.</param>
    public Schedule(World world, int seed, Func<IExpertDispatcher, IExpertDispatcher>? dispatch = null)
    {
        _world = world;
        _random = new Random(HashOf(world.Seed, seed));
        _waiting = [.. world.Requests.Select((job, i) => new Life(i, job, _random.Next()))];
        _chunkiness = _random.Next(1, 4);
        _unrest = _random.Next(3) == 0 ? 0 : _random.Next(5, 30);
        _cluster = new Cluster(world, _random, MostDrafts, dispatch);
    }

    /// <summary>What happened, by kind: a schedule that tries nothing proves nothing.</summary>
    public SortedDictionary<string, int> Events { get; } = new(StringComparer.Ordinal);

    /// <summary>Serves all requests to their ends.</summary>
    public void Run()
    {
        for (var round = 0; _waiting.Count > 0 || Sites.Any(s => s.Running.Count > 0); round++)
        {
            Assert.True(round < MostRounds, $"{_waiting.Count} requests wait and {Sites.Sum(s => s.Running.Count)} run without getting on");
            Disturb();
            foreach (var site in Sites)
            {
                Step(site);
            }
        }

        foreach (var site in Sites)
        {
            site.Pool.CheckIntegrity();
            Assert.Equal(0, site.Pool.Held);
        }
    }

    public void Dispose() => _cluster.Dispose();

    private Site[] Sites => _cluster.Sites;

    // string.GetHashCode and HashCode differ from run to run.
    private static int HashOf(int world, int schedule) => unchecked((world * 1_000_003) + schedule);

    private void Disturb()
    {
        while (_waiting.Count > 0 && _random.Next(3) == 0)
        {
            var life = _waiting[_random.Next(_waiting.Count)];
            _waiting.Remove(life);
            Sites[_random.Next(Sites.Length)].Admit(life, cached: _random.Next(4) > 0);
            Count(life.Produced > 0 ? "resumed" : "started", 1);
            Count("tokens from the cache", life.Computed);
        }

        if (_unrest == 0 || _random.Next(_unrest) > 0 || _disturbances == MostDisturbances)
        {
            return;
        }

        var running = Sites.SelectMany(s => s.Running).ToArray();
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
                Count("moved", Sites[_random.Next(Sites.Length)].TryTakeOver(life) ? 1 : 0);
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
        Guess(site);
        var chosen = new List<Feed>();
        var budget = site.Budget;
        site.Driver.Plan.Clear();
        foreach (var life in site.Running.OrderBy(_ => _random.Next()).ToArray())
        {
            // The MTP layer wants the state of the token before; where it is not known, that token is fed again and nothing of it kept.
            var again = life.Computed > 0 && life.State is null && _world.Weights.HasMtp ? 1 : 0;
            if (life.Site != site || budget <= again || _random.Next(4) == 0)
            {
                continue;
            }

            budget -= again;
            var most = Math.Min(life.Pending, budget);
            var known = _random.Next(_chunkiness) > 0 ? most : _random.Next(1, most + 1);
            var drafts = known == life.Pending ? Drafts(life, budget - known) : [];
            if (!MakeRoom(site, life, known + drafts.Length, [.. chosen.Select(c => c.Life)]))
            {
                continue;
            }

            // Rows after the prompt can be sampled again whenever they are computed again.
            var sampled = life.Computed + known + drafts.Length - (life.Job.Prompt.Length - 1);
            var least = known == life.Pending ? 1 + drafts.Length : 0;
            var start = life.Computed - again;
            var scored = _random.Next(3) > 0 ? 0 : Math.Clamp(_world.Scores[life.Index].Length - start, 0, again + known);
            var rows = _random.Next(2) == 0 ? least : Math.Max(least, Math.Min(sampled, known + drafts.Length));
            site.Driver.Plan.Add(new StepSequence
            {
                Tokens = (int[])[.. life.Tokens.GetRange(start, again + known), .. drafts],
                StartPosition = start,
                History = life.Tokens[..start].ToArray(),
                Targets = life.Job.Prompt.AsMemory(Math.Min(start + 1, life.Job.Prompt.Length), scored),
                TargetTopLogprobs = life.Job.TopLogprobs,
                CachedRows = again,
                PreviousState = life.State,
                Blocks = life.Blocks.ToArray(),
                SampleRows = rows,
                Sampling = life.Job.Sampling,
                TopLogprobs = life.Job.TopLogprobs,
            });
            chosen.Add(new Feed(life, again, known, drafts, rows));
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
            Take(site, i, chosen[i]);
        }
    }

    // Lets the MTP layer draft for some that are about to decode. Its guesses need not be right, but the same whatever the batch.
    private void Guess(Site site)
    {
        var plan = new DraftPlan();
        var asked = new List<Life>();
        foreach (var life in site.Running.Where(l => _world.Weights.HasMtp && l is { Pending: 1, State: not null }))
        {
            var count = Math.Min(_random.Next(MostDrafts), life.Job.MaxTokens - life.Produced - 1);
            if (count > 0 && asked.Count < site.Budget && site.TryGrow(life, 1 + count))
            {
                life.Guessed = new int[count];
                asked.Add(life);
                plan.Add(new DraftSequence
                {
                    Token = life.Tokens[^1],
                    Position = life.Computed,
                    State = life.State,
                    Blocks = life.Blocks.ToArray(),
                    Sampling = life.Job.Sampling,
                    Drafts = life.Guessed,
                });
            }
        }

        if (asked.Count > 0)
        {
            site.Driver.Engine.Draft(plan);
            asked.ForEach(CheckGuess);
        }
    }

    private void CheckGuess(Life life)
    {
        var key = (life.Index, life.Computed);
        var known = _guesses.GetValueOrDefault(key, []);
        var common = Math.Min(known.Length, life.Guessed.Length);
        Assert.Equal(known[..common], life.Guessed[..common]);
        _guesses[key] = common < known.Length ? known : life.Guessed;
        Count("drafts of the model", life.Guessed.Length);
        Count("drafts of the model compared", common);
    }

    // Continuations of the reference are right by definition; others are almost always wrong.
    private int[] Drafts(Life life, int room)
    {
        if (life.Guessed.Length > 0)
        {
            int[] guessed = [.. life.Guessed.Take(room)];
            life.Guessed = [];
            return guessed;
        }

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

    private void Take(Site site, int index, Feed feed)
    {
        var (life, again, known, drafts, rows) = feed;
        var result = site.Driver.Result;
        for (var i = 0; i < result.ScoredCount(index); i++)
        {
            var place = life.Computed - again + i;
            Outcome.RequireSame(Outcome.OfScore(result.Score(index, i)), _world.Scores[life.Index][place], $"request {life.Index}, prompt token {place + 1}");
            Count("prompt tokens scored", 1);
        }

        var first = life.Computed + known + drafts.Length - rows - (life.Job.Prompt.Length - 1);
        var expected = _world.Expected[life.Index];
        var accepted = 0;
        for (var row = 0; row < rows; row++)
        {
            var token = first + row;
            Assert.Null(result.Token(index, row).Error);
            var outcome = Outcome.Of(result.Token(index, row), result.Logits(index, row));
            Outcome.RequireSame(outcome, expected[token], $"request {life.Index}, token {token}");
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
        life.State = result.State(index, again + known + accepted - 1).ToArray();
        site.Publish(life);
        if (life.Done)
        {
            site.Evict(life);
        }
    }

    private void Count(string kind, int times) => Events[kind] = Events.GetValueOrDefault(kind) + times;

    /// <summary>What a step feeds of a request.</summary>
    /// <param name="Life">The request.</param>
    /// <param name="Again">Tokens fed for their state alone.</param>
    /// <param name="Known">Tokens that are known.</param>
    /// <param name="Drafts">Tokens that are guessed.</param>
    /// <param name="Rows">Rows sampled, the last ones.</param>
    private sealed record Feed(Life Life, int Again, int Known, int[] Drafts, int Rows);
}
