using System.Collections.Immutable;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine.Moe;
using OrleansServe.Grains;
using OrleansServe.Grains.Experts.Shards;
using OrleansServe.Grains.Workers;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.InProcess;
using OrleansServe.UnitTests.Engine.Moe;
using OrleansServe.UnitTests.Gateway;
using OrleansServe.UnitTests.Grains.Workers;
using OrleansServe.UnitTests.Model;
using OrleansServe.UnitTests.Transfer.Support;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>A shard that is told what to hold: loads while it computes, keeps what an epoch in use wants, and gives the rest up.</summary>
public sealed class ShardStockTests(NanoModels models) : IClassFixture<NanoModels>, IAsyncLifetime, IDisposable
{
    private readonly WorkerRig _rig = new();
    private readonly ManualTime _time = new();
    private readonly TemporaryFolder _folder = new();
    private Checkpoint _checkpoint = null!;
    private ExpertBank _bank = null!;
    private ExpertShard _shard = null!;
    private int[] _layers = [];

    public Task InitializeAsync()
    {
        // A copy: tests write into it.
        foreach (string file in Directory.GetFiles(models.Of(NanoModels.V3)))
        {
            File.Copy(file, _folder.File(Path.GetFileName(file)));
        }

        _checkpoint = Checkpoint.Open(Path.GetDirectoryName(_folder.File("config.json"))!);
        _layers = [.. Enumerable.Range(0, _checkpoint.Config.KvLayers).Where(_checkpoint.Config.IsMoeLayer)];
        _bank = ExpertBank.Load(_checkpoint, _layers.ToDictionary(layer => layer, _ => (IReadOnlyList<int>)[0, 1]));
        WorkerContext context = _rig.Context(new InProcessNetwork().Join("silo"), time: _time);
        context.Options.ExpertLoadBytesPerSecond = 1;
        string fingerprint = WeightsFingerprint.Compute(_checkpoint).Hex;
        _shard = new ExpertShard(new WorkerId("silo", "expert-0"), _bank, 2, context with { Model = new WorkerModel("nano", _checkpoint, fingerprint, new byte[] { 1 }) });
        _shard.Start();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _shard.DisposeAsync();
        _bank.Dispose();
        _checkpoint.Dispose();
    }

    public void Dispose()
    {
        _folder.Dispose();
        _rig.Dispose();
    }

    [Fact]
    public async Task Prepare_NewExperts_AreLoadedBesideTheOldOnesAndServedByTheNewEpoch()
    {
        Assert.Equal("it does not know epoch 1 of the plan; it has 0", Ask(1, 0));
        await PrepareAsync(1, urgent: true, 1, 2, 3);

        Assert.Equal("0123", string.Concat(_shard.Describe().Experts[0]));
        Assert.Equal(1, _shard.Describe().Epoch);
        Assert.All(new[] { 0, 1 }, expert => Assert.Null(Ask(0, expert)));
        Assert.All(new[] { 1, 2, 3 }, expert => Assert.Null(Ask(1, expert)));
    }

    [Fact]
    public async Task Prepare_LoadedLater_GivesTheBitsOfOneLoadedAtFirst()
    {
        await PrepareAsync(1, urgent: true, 5);
        using ExpertBank whole = ExpertBank.Load(_checkpoint, new Dictionary<int, IReadOnlyList<int>> { [_layers[0]] = [5] });
        float[] row = [.. Enumerable.Range(0, _checkpoint.Config.HiddenSize).Select(i => MathF.Sin(i))];
        float[] expected = new float[row.Length];
        whole.Forward(_layers[0], 5, row, 1, expected, new float[whole.ScratchPerRow]);

        using ExpertBatch batch = new();
        batch.Begin(_layers[0], row.Length, 1, 1);
        batch.Experts[0] = 5;
        row.CopyTo(batch.Rows);
        _shard.Submit(batch);
        Assert.Null(batch.Wait(Limits.Patience, CancellationToken.None));
        Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), batch.Outputs.ToArray().Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public async Task Retire_EpochsBefore_GivesUpWhatNoneWantsAndFreesItOnceNobodyComputes()
    {
        await PrepareAsync(1, urgent: true, 1, 2);
        long both = _bank.OwnBytes;
        UseGate inside = _shard.TryEnter()!;
        _shard.Retire(1);
        await UntilAsync(() => _bank.Count == 2 * _layers.Length);
        Assert.Equal("12", string.Concat(_shard.Describe().Experts[0]));
        Assert.Equal("it does not know epoch 0 of the plan; it has 1", Ask(0, 1));
        Assert.Null(Ask(1, 2));
        Assert.Equal(both * 2 / 3, _bank.OwnBytes);
        inside.Exit();

        // It goes on: what comes next waits for nobody who has left.
        await PrepareAsync(2, urgent: true, 0, 1, 2);
        Assert.Null(Ask(2, 0));
    }

    [Fact]
    public async Task Retire_EpochItIsNotReadyFor_KeepsWhatItHas()
    {
        _shard.Retire(7);
        await PrepareAsync(1, urgent: true, 2);
        Assert.Null(Ask(0, 0));
        Assert.Equal(3 * _layers.Length, _bank.Count);
    }

    [Fact]
    public async Task Prepare_NotUrgent_LoadsNoFasterThanItMay()
    {
        ShardAssignment wanted = Assignment(1, false, 0, 1, 2);
        _shard.Prepare(wanted);

        // One byte a second: after the first expert it waits for hours.
        await UntilAsync(() => _bank.Count == (2 * _layers.Length) + 1);
        Assert.Equal(_layers.Length - 1, _shard.Prepare(wanted).Missing);
        Assert.Null(Ask(0, 1));
        while (!_shard.Prepare(wanted).IsReady)
        {
            _time.Advance(TimeSpan.FromDays(1));
            await Task.Yield();
        }
    }

    [Fact]
    public async Task Prepare_LaterEpoch_TakesThePlaceOfOneThatIsNotComplete()
    {
        _shard.Prepare(Assignment(1, false, 0, 1, 2, 3, 4));
        await UntilAsync(() => _bank.Count > 2 * _layers.Length);
        ShardAssignment next = Assignment(2, true, 0, 7);
        _shard.Prepare(next);
        while (!_shard.Prepare(next).IsReady)
        {
            _time.Advance(TimeSpan.FromDays(1));
            await Task.Yield();
        }

        Assert.NotNull(Ask(1, 0));
        Assert.Null(Ask(2, 7));
        Assert.Contains("is past", _shard.Prepare(Assignment(1, true, 0)).Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 8, "the model has no expert 8 of layer 1")]
    [InlineData(0, -1, "the model has no expert -1 of layer 1")]
    [InlineData(-1, 0, "the model has no expert 0 of layer 0")]
    [InlineData(90, 0, "the model has no expert 0 of layer 91")]
    public void Prepare_WhatTheModelHasNot_IsRefused(int layer, int expert, string fault) =>
        Assert.Equal(fault, _shard.Prepare(new ShardAssignment(1, [_layers[0] + layer], [[expert]], true)).Fault);

    [Fact]
    public void Prepare_ListsThatDoNotFit_IsRefused()
    {
        Assert.Contains("same length", _shard.Prepare(new ShardAssignment(1, [1, 2], [[0]], true)).Fault, StringComparison.Ordinal);
        Assert.Contains("same length", _shard.Prepare(new ShardAssignment(1, default, default, true)).Fault, StringComparison.Ordinal);
        Assert.Contains("above 0", _shard.Prepare(new ShardAssignment(0, [], [], true)).Fault, StringComparison.Ordinal);
        Assert.Contains("above 0", _shard.Prepare(new ShardAssignment(long.MinValue, [], [], true)).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prepare_WeightsChangedOnDisk_IsRefusedAndWhatIsHeldGoesOn()
    {
        SafetensorsFile file = _checkpoint.Files[0];
        await using (FileStream stream = new(file.FullPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Position = stream.Length - 1;
            stream.WriteByte(77);
        }

        File.SetLastWriteTimeUtc(file.FullPath, file.ModifiedUtc.AddSeconds(5));
        string fault = await FaultAsync(Assignment(1, true, 0, 1, 2));
        Assert.Contains("have changed on disk: their fingerprint is", fault, StringComparison.Ordinal);
        Assert.Equal(2 * _layers.Length, _bank.Count);
        Assert.Null(Ask(0, 0));
    }

    [Fact]
    public async Task Prepare_FileTouchedOnly_IsHashedAndLoaded()
    {
        File.SetLastWriteTimeUtc(_checkpoint.Files[0].FullPath, _checkpoint.Files[0].ModifiedUtc.AddSeconds(5));
        long before = _checkpoint.BytesHashed;
        await PrepareAsync(1, urgent: true, 2);
        Assert.Equal(before + _checkpoint.TotalBytes, _checkpoint.BytesHashed);
    }

    [Fact]
    public async Task Prepare_FileGone_IsRefused()
    {
        File.Delete(_checkpoint.Files[0].FullPath);
        Assert.Contains("cannot be looked at any more", await FaultAsync(Assignment(1, true, 2)), StringComparison.Ordinal);
        Assert.Null(Ask(0, 0));
    }

    private ShardAssignment Assignment(long epoch, bool urgent, params int[] experts) =>
        new(epoch, [.. _layers], [.. _layers.Select(_ => experts.ToImmutableArray())], urgent);

    private async Task PrepareAsync(long epoch, bool urgent, params int[] experts)
    {
        ShardAssignment assignment = Assignment(epoch, urgent, experts);
        await UntilAsync(() => _shard.Prepare(assignment) is var progress && progress.Fault is null ? progress.IsReady : throw new InvalidOperationException(progress.Fault));
    }

    private async Task<string> FaultAsync(ShardAssignment assignment)
    {
        await UntilAsync(() => _shard.Prepare(assignment).Fault is not null);
        return _shard.Prepare(assignment).Fault!;
    }

    private string? Ask(long epoch, int expert)
    {
        using ExpertBatch batch = new();
        batch.Begin(_layers[0], _checkpoint.Config.HiddenSize, 1, epoch);
        batch.Experts[0] = expert;
        batch.Rows.Fill(0.5f);
        _shard.Submit(batch);
        return batch.Wait(Limits.Patience, CancellationToken.None);
    }

    private static async Task UntilAsync(Func<bool> reached)
    {
        using CancellationTokenSource patience = new(Limits.Patience);
        while (!reached())
        {
            await Task.Delay(2, patience.Token);
        }
    }
}
