using System.Net;
using System.Net.Sockets;
using OrleansServe.Engine.Moe;
using OrleansServe.Grains.Experts.Dispatch;
using OrleansServe.Grains.Experts.Shards;
using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.Transfer.Wire.Streams;
using OrleansServe.Transfer.Wire.Transports;
using OrleansServe.UnitTests.Engine;
using OrleansServe.UnitTests.Transfer.Support;
using OrleansServe.UnitTests.Transfer.Wire;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>Rows that a shard cannot compute: it says why, and goes on.</summary>
public sealed class ExpertShardHostileTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 30).Select(i => 20 + (i * 7 % 200))];

    [Theory]
    [InlineData(5, "it does not hold expert 5 of layer {0}")]
    [InlineData(8, "it does not hold expert 8 of layer {0}")]
    [InlineData(-1, "it does not hold expert -1 of layer {0}")]
    [InlineData(int.MaxValue, "it does not hold expert 2147483647 of layer {0}")]
    public async Task Submit_ExpertItDoesNotHold_FailsNamingIt(int expert, string expected)
    {
        await using ShardRig rig = new();
        ExpertShard shard = rig.Add("expert-0", here: false, 0, 1);
        int layer = rig.MoeLayers[0];
        Assert.Equal(string.Format(expected, layer), Ask(shard, layer, rig.Config.HiddenSize, 0, expert));
        Assert.Null(Ask(shard, layer, rig.Config.HiddenSize, 0, 1));
        Assert.Equal(2, ShardRig.RowsOf(shard).Values.Sum());
    }

    [Theory]
    [InlineData(99)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public async Task Submit_LayerItDoesNotHold_FailsNamingIt(int layer)
    {
        await using ShardRig rig = new();
        ExpertShard shard = rig.Add("expert-0", here: false, 0, 1);
        Assert.Equal($"it holds no expert of layer {layer}", Ask(shard, layer, rig.Config.HiddenSize, 0));
        Assert.Null(Ask(shard, rig.MoeLayers[0], rig.Config.HiddenSize, 0));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Submit_RowsOfAnotherWidth_FailsNamingBoth(int difference)
    {
        await using ShardRig rig = new();
        ExpertShard shard = rig.Add("expert-0", here: false, 0, 1);
        int hidden = rig.Config.HiddenSize;
        Assert.Equal($"rows are {hidden + difference} wide, not {hidden}", Ask(shard, rig.MoeLayers[0], hidden + difference, 0));
        Assert.Null(Ask(shard, rig.MoeLayers[0], hidden, 0));
    }

    [Fact]
    public async Task Submit_AnythingAtAll_IsAnsweredAndTheShardGoesOn()
    {
        await using ShardRig rig = new();
        ExpertShard shard = rig.Add("expert-0", here: false, 0, 1, 2, 3);
        ExpertShard far = rig.Add("expert-1", here: false, 4, 5, 6, 7);
        rig.Route(shard, far);
        using EngineDriver spread = new(rig.Weights, experts: rig.Dispatcher);
        float[] before = spread.Feed(TestSequence.At(0, Prompt));
        Random random = new(5);
        int[] layers = [0, 1, 2, -1, 99, int.MaxValue];
        int[] ids = [0, 1, 2, 3, 3, 2, 1, 0, 4, -1, int.MinValue];
        int answered = 0;
        for (int i = 0; i < 2000; i++)
        {
            using ExpertBatch batch = new();
            int hidden = random.Next(4) == 0 ? random.Next(0, 200) : rig.Config.HiddenSize;
            batch.Begin(layers[random.Next(layers.Length)], hidden, random.Next(0, 6));
            bool honest = random.Next(2) == 0;
            foreach (ref int expert in batch.Experts)
            {
                expert = ids[random.Next(honest ? 8 : ids.Length)];
            }

            foreach (ref float value in batch.Rows)
            {
                value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            }

            shard.Submit(batch);
            string? error = batch.Wait(Limits.Patience, CancellationToken.None);
            Assert.DoesNotContain("Exception", error ?? "", StringComparison.Ordinal);
            answered += error is null ? 1 : 0;
        }

        Assert.InRange(answered, 200, 1800);
        Assert.Equal(before, spread.Feed(TestSequence.At(0, Prompt)));
    }

    [Fact]
    public async Task Step_RoutesToAShardWithoutTheExpert_FailsNamingItAndDoubtsTheRoutes()
    {
        await using ShardRig rig = new();
        ExpertShard low = rig.Add("expert-0", here: false, 0, 1, 2, 3);
        ExpertShard high = rig.Add("expert-1", here: false, 4, 5, 6, 7);
        ExpertRoutes wrong = new([.. new[] { low, high }.Select(shard => new ExpertRoutes.Shard(shard.Id, shard.Describe().DataPlaneAddress))], rig.Config.NumHiddenLayers, 8);
        wrong.AddAll(low.Describe(), 1);
        wrong.AddAll(high.Describe(), 0);
        rig.Current = wrong;
        using EngineDriver spread = new(rig.Weights, experts: rig.Dispatcher);

        ExpertUnavailableException fault = Assert.Throws<ExpertUnavailableException>(() => spread.Feed(TestSequence.At(0, Prompt)));
        Assert.Matches($"shard there/expert-0: it does not hold expert [4-7] of layer {rig.MoeLayers[0]}", fault.Message);
        Assert.Same(wrong, Assert.Single(rig.Distrusted));

        rig.Route(low, high);
        spread.Feed(TestSequence.At(0, Prompt));
        Assert.Single(rig.Distrusted);
    }

    [Fact]
    public async Task Wire_DamagedRows_NeverReachTheOthers()
    {
        await using ShardRig rig = new();
        await using WirePair pair = new(new SocketTransport(), TimeProvider.System, options => options with { HandshakeTimeout = TimeSpan.FromSeconds(2) });
        ExpertShard shard = rig.Add("expert-0", here: false, 0, 1);
        using IDisposable registration = pair.B.RegisterExperts("expert-0", shard);
        for (int seed = 0; seed < 60; seed++)
        {
            await AttackAsync(pair.B.Address, new Random(seed), rig.Config.HiddenSize, rig.MoeLayers[0]);
        }

        using IExpertChannel channel = pair.A.OpenExperts(pair.B.Address, "expert-0");
        using ExpertBatch batch = new();
        batch.Begin(rig.MoeLayers[0], rig.Config.HiddenSize, 1);
        batch.Rows.Fill(0.5f);
        channel.Send(batch);
        Assert.Null(batch.Wait(Limits.Patience, CancellationToken.None));
        Assert.Contains(batch.Outputs.ToArray(), value => value != 0);
        Assert.Empty(pair.Log.Faults);
    }

    /// <summary>Three messages of rows whose numbers do not fit each other or the bytes that follow, and waits to be shown out.</summary>
    private static async Task AttackAsync(string address, Random random, int hidden, int layer)
    {
        int[] numbers = [0, 1, 2, -1, hidden, layer, int.MaxValue, int.MinValue, random.Next()];
        List<byte> bytes = [.. WireBytes.Hello(address), .. WireBytes.Open(1, 1, StreamKind.Experts, Guid.Empty, "expert-0")];
        for (uint message = 0; message < 3; message++)
        {
            WireBuffer rows = new();
            rows.PutUInt32(message);
            rows.PutInt32(random.Next(2) == 0 ? layer : numbers[random.Next(numbers.Length)]);
            rows.PutInt32(random.Next(2) == 0 ? hidden : numbers[random.Next(numbers.Length)]);
            rows.PutInt32(random.Next(2) == 0 ? 1 : numbers[random.Next(numbers.Length)]);
            rows.PutUInt64(random.Next(3) == 0 ? (ulong)random.NextInt64() : 0);
            rows.PutInt32(random.Next(2) == 0 ? 1 : random.Next(3) == 0 ? 2 : numbers[random.Next(numbers.Length)]);
            int values = random.Next(2) == 0 ? 1 + hidden : random.Next(300);
            for (int i = 0; i < values; i++)
            {
                rows.PutInt32(random.Next(int.MinValue, int.MaxValue));
            }

            bytes.AddRange(WireBytes.Frame(FrameType.ExpertRows, 1, 2 + message, rows.Span));
        }

        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, WireAddress.Parse(address).Port);
        await client.GetStream().WriteAsync(bytes.ToArray());
        byte[] answer = new byte[1];
        Assert.Equal(1, await client.GetStream().ReadAsync(answer).AsTask().WaitAsync(Limits.Patience));
    }

    private static string? Ask(ExpertShard shard, int layer, int hidden, params int[] experts)
    {
        using ExpertBatch batch = new();
        batch.Begin(layer, hidden, experts.Length);
        experts.CopyTo(batch.Experts);
        shard.Submit(batch);
        return batch.Wait(Limits.Patience, CancellationToken.None);
    }
}
