using Microsoft.Extensions.Logging;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Engine.Moe;
using OrleansServe.Grains.Workers;
using OrleansServe.Grains.Workers.Decode;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>A decode worker whose engine drafts what the test wants: tokens, their ends and the counts are exact, right or wrong.</summary>
public sealed class SpeculativeDecodeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly int[] Prompt = [256, 259, .. "Sort these numbers: 52, 9, 317, 88, 4, 71, 205, 6 and 19, please."u8.ToArray().Select(b => (int)b), 260, 261, 10];
    private static readonly SamplingSettings Greedy = new(0, 1, 0, 0, 0, 0);
    private readonly WorkerRig _rig = new();
    private readonly List<int> _steps = [];

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0.9)]
    public async Task Decode_RightDrafts_SaveStepsAndChangeNothing(int k, float temperature)
    {
        SamplingSettings sampling = Greedy with { Temperature = temperature, Seed = 7 };
        List<TokenEvent> plain = await RunAsync(0, sampling);
        List<TokenEvent> drafted = await RunAsync(k, sampling, position => TokenAt(plain, position));

        AssertSame(plain, drafted);

        // 99 tokens after the prefill's. The first step has no state to draft from; each further one brings k + 1, and drafts none that would overshoot.
        Assert.Equal(1 + ((98 + k) / (k + 1)), _steps.Count);
        int expected = 99 - _steps.Count;
        Assert.Equal((expected, expected), Count(drafted));
        Assert.True(_steps.TrueForAll(tokens => tokens <= k + 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Decode_WrongDrafts_ChangeNothingAndAreSoonGivenUp(int k)
    {
        List<TokenEvent> plain = await RunAsync(0, Greedy);
        List<TokenEvent> drafted = await RunAsync(k, Greedy, position => (TokenAt(plain, position) + 1) % 256);

        AssertSame(plain, drafted);
        Assert.Equal(99, _steps.Count);
        (int verified, int accepted) = Count(drafted);
        Assert.Equal(0, accepted);
        Assert.InRange(verified, 1, 30);
    }

    [Fact]
    public async Task Decode_SecondDraftWrong_AcceptsTheFirst()
    {
        List<TokenEvent> plain = await RunAsync(0, Greedy);
        List<TokenEvent> drafted = await RunAsync(2, Greedy, position => position % 2 == 0 ? TokenAt(plain, position) : 300);
        AssertSame(plain, drafted);
        (int verified, int accepted) = Count(drafted);
        Assert.InRange(accepted, 1, verified - 1);
        Assert.Equal(99 - accepted, _steps.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Decode_StopTokenInsideAnAcceptedRun_EndsThere(int k)
    {
        List<TokenEvent> plain = await RunAsync(0, Greedy);

        // A token that comes up for the first time somewhere in the middle of the answer.
        int index = Enumerable.Range(12, 60).First(i => plain.FindIndex(e => e.Token == plain[i].Token) == i);
        int stop = plain[index].Token;
        List<TokenEvent> drafted = await RunAsync(k, Greedy, position => TokenAt(plain, position), stop);
        Assert.Equal(index + 1, drafted.Count);
        Assert.Equal(TokenStreamEnd.StopToken, drafted[^1].End);
        AssertSame([.. plain.Take(index)], [.. drafted.Take(index)]);
        (int verified, int accepted) = Count(drafted);
        Assert.Equal(drafted.Count - _steps.Count, accepted);
        Assert.InRange(verified, accepted, accepted + k);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Decode_FewTokensAsked_GivesExactlyThose(int maxTokens)
    {
        List<TokenEvent> plain = await RunAsync(0, Greedy);
        List<TokenEvent> drafted = await RunAsync(3, Greedy, position => TokenAt(plain, position), maxTokens: maxTokens);
        Assert.Equal(maxTokens - 1, drafted.Count);
        Assert.Equal(TokenStreamEnd.Length, drafted[^1].End);
        AssertSame([.. plain.Take(maxTokens - 2)], [.. drafted.Take(maxTokens - 2)]);
    }

    [Fact]
    public async Task Decode_ToTheEndOfTheContext_FillsIt()
    {
        // 16 blocks of 64 tokens are the context; the prompt is one of its blocks and a bit.
        int most = 1024 - Prompt.Length;
        List<TokenEvent> plain = await RunAsync(0, Greedy, maxTokens: most);
        List<TokenEvent> drafted = await RunAsync(3, Greedy, position => TokenAt(plain, position), maxTokens: most);
        Assert.Equal(most - 1, drafted.Count);
        AssertSame(plain, drafted);
    }

    [Fact]
    public async Task Decode_EngineHasNoDrafts_GoesOnWithout()
    {
        List<TokenEvent> plain = await RunAsync(0, Greedy);
        List<TokenEvent> drafted = await RunAsync(3, Greedy, _ => -1);
        AssertSame(plain, drafted);
        Assert.Equal((0, 0), Count(drafted));
    }

    [Fact]
    public async Task Decode_ModelsOwnDrafts_AreMostlyAccepted()
    {
        List<TokenEvent> plain = await RunAsync(0, Greedy);
        List<TokenEvent> drafted = await RunAsync(1, Greedy);
        AssertSame(plain, drafted);
        (int verified, int accepted) = Count(drafted);
        Assert.True(accepted > verified * 3 / 4, $"{accepted} of {verified} drafts were accepted");
    }

    [Fact]
    public async Task Decode_DraftLacksAnExpert_GoesOnWithoutAndWarnsWithTheReason()
    {
        List<TokenEvent> plain = await RunAsync(0, Greedy);
        WarningLog warnings = new();
        List<TokenEvent> drafted = await RunAsync(1, Greedy, maxTokens: 5, fault: new ExpertUnavailableException(4, 2, "the shard left"), log: warnings);
        AssertSame([.. plain.Take(3)], [.. drafted.Take(3)]);
        Assert.Equal(TokenStreamEnd.Length, drafted[^1].End);
        Assert.Equal((0, 0), Count(drafted));

        // Three of the four steps after the prefill's token could have had a draft: the first lacks the state, the last has no room for one.
        Assert.Equal(2, warnings.Entries.Count);
        Assert.All(warnings.Entries, entry =>
        {
            Assert.Contains("decode-0", entry, StringComparison.Ordinal);
            Assert.Contains("expert 2 of layer 4 is unavailable: the shard left", entry, StringComparison.Ordinal);
        });
    }

    private static int TokenAt(List<TokenEvent> stream, int position)
    {
        int index = position - Prompt.Length - 1;
        return index < stream.Count ? stream[index].Token : 0;
    }

    private static (int Drafted, int Accepted) Count(List<TokenEvent> stream) =>
        (stream.Sum(e => e.Origin.Drafted), stream.Count(e => e.Origin.IsDraft));

    private static void AssertSame(List<TokenEvent> plain, List<TokenEvent> drafted) =>
        Assert.Equal(plain.Select(Bits), drafted.Select(Bits));

    private static (int Index, int Token, int Logprob, int Tops, TokenStreamEnd End) Bits(TokenEvent e) =>
        (e.Index, e.Token, BitConverter.SingleToInt32Bits(e.Logprob), e.TopCount, e.End);

    private async Task<List<TokenEvent>> RunAsync(int k, SamplingSettings sampling, Func<int, int>? draft = null, int? stop = null, int maxTokens = 100, Exception? fault = null, ILogger? log = null)
    {
        InProcessNetwork network = new();
        InProcessDataPlane peer = network.Join("peer");
        StreamLog stream = new();
        peer.RegisterTokens(stream);
        _steps.Clear();
        MisguidedEngine engine = new(_rig.Engine(), draft, _steps, fault);
        WorkerContext context = _rig.Context(network.Join("silo"), speculativeTokens: k);
        DecodeWorker worker = new(new WorkerId("silo", "decode-0"), engine, log is null ? context : context with { Logger = log });
        await using (worker)
        {
            worker.Start();
            Guid id = Guid.NewGuid();
            ReserveResult reserved = await worker.ReserveAsync(new ReserveRequest(id, [.. Prompt], [], maxTokens, WorkerRig.KvFormatHex, SchedulingSettings.Default));
            Assert.Null(reserved.Refusal);
            int first = await SendPromptAsync(peer, reserved.Ticket!);
            DecodeRequest request = new(reserved.Ticket!.Id, id, first, sampling, stop is { } token ? [token] : [], "inproc://peer");
            Assert.True((await worker.DecodeAsync(request)).Accepted);
            await stream.Ended.WaitAsync(Patience);
            Assert.Equal(0, (await worker.CheckIntegrityAsync()).KvBlocksUsed);
        }

        return stream.Events;
    }

    // Computes the prompt as a prefill worker does, and returns its first token.
    private async Task<int> SendPromptAsync(InProcessDataPlane peer, KvTicket ticket)
    {
        using WatchedEngine prefill = _rig.Engine();
        StepPlan plan = new();
        StepResult result = new();
        plan.Add(new StepSequence { Tokens = Prompt, Blocks = Enumerable.Range(0, ticket.Blocks).ToArray(), Sample = true });
        prefill.Step(plan, result);
        byte[] block = new byte[prefill.Kv.Layout.BytesPerBlockLayer];
        IKvPush push = peer.OpenKvPush("inproc://silo", "decode-0", ticket.Id);
        for (int layer = 0; layer < prefill.Kv.Layout.Layers; layer++)
        {
            for (int i = 0; i < ticket.Blocks; i++)
            {
                prefill.Kv.Read(i, layer, block);
                await push.PushAsync(layer, i, block, default);
            }
        }

        await push.CommitAsync(default);
        return result[0].Token;
    }
}
