using OrleansServe.Model;
using OrleansServe.Model.Checkpoints;
using OrleansServe.UnitTests.Engine;
using Xunit;

namespace OrleansServe.UnitTests.Model.Checkpoints;

/// <summary>A checkpoint whose files change while it is open.</summary>
public sealed class CheckpointGuardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Checkpoint _checkpoint;

    public CheckpointGuardTests()
    {
        foreach (string file in Directory.GetFiles(Repository.TinyR1))
        {
            File.Copy(file, _folder.File(Path.GetFileName(file)));
        }

        _checkpoint = Checkpoint.Open(Path.GetDirectoryName(_folder.File("config.json"))!);
    }

    private SafetensorsFile Weights => _checkpoint.Files[0];

    public void Dispose()
    {
        _checkpoint.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Require_NothingChanged_ReadsNothing()
    {
        Guard().Require();
        Assert.Equal(0, _checkpoint.BytesHashed);
    }

    [Theory]
    [InlineData(WeightFormat.Native, ExpertRowFormat.Exact)]
    [InlineData(WeightFormat.Int8, ExpertRowFormat.Exact)]
    [InlineData(WeightFormat.Native, ExpertRowFormat.Float8)]
    [InlineData(WeightFormat.Int8, ExpertRowFormat.Float8)]
    public void Require_FileTouched_HashesOnceAndAccepts(WeightFormat weights, ExpertRowFormat rows)
    {
        CheckpointGuard guard = Guard(weights, rows);
        long before = _checkpoint.BytesHashed;
        File.SetLastWriteTimeUtc(Weights.FullPath, Weights.ModifiedUtc.AddSeconds(3));
        guard.Require();
        guard.Require();
        Assert.Equal(before + _checkpoint.TotalBytes, _checkpoint.BytesHashed);
    }

    [Fact]
    public void Require_BytesChangedInPlace_RefusesEveryTime()
    {
        CheckpointGuard guard = Guard();
        using (FileStream stream = new(Weights.FullPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Position = stream.Length - 5;
            stream.WriteByte(0x41);
        }

        File.SetLastWriteTimeUtc(Weights.FullPath, Weights.ModifiedUtc.AddSeconds(3));
        Assert.Contains("have changed on disk: their fingerprint is", Assert.Throws<ModelFormatException>(() => guard.Require()).Message, StringComparison.Ordinal);
        Assert.Throws<ModelFormatException>(() => guard.Require());
    }

    [Fact]
    public void Require_FileReplacedByALongerOne_RefusesWithoutReading()
    {
        CheckpointGuard guard = Guard();
        long before = _checkpoint.BytesHashed;
        string other = _folder.File("other");
        File.WriteAllBytes(other, [.. File.ReadAllBytes(Weights.FullPath), 0]);
        File.Move(other, Weights.FullPath, overwrite: true);
        Assert.Contains($"was {Weights.Length} bytes when it was opened, is {Weights.Length + 1}", Assert.Throws<ModelFormatException>(() => guard.Require()).Message, StringComparison.Ordinal);
        Assert.Equal(before, _checkpoint.BytesHashed);
    }

    [Fact]
    public void Require_FileGone_Refuses()
    {
        CheckpointGuard guard = Guard();
        File.Delete(Weights.FullPath);
        Assert.Contains("cannot be looked at any more", Assert.Throws<ModelFormatException>(() => guard.Require()).Message, StringComparison.Ordinal);
    }

    private CheckpointGuard Guard(WeightFormat weights = WeightFormat.Native, ExpertRowFormat rows = ExpertRowFormat.Exact)
    {
        // The embedded model's, which may be remembered: computed by another checkpoint, so that nothing of this one is read.
        using Checkpoint same = Checkpoint.Open(_checkpoint.Folder);
        return new CheckpointGuard(_checkpoint, WeightsFingerprint.Compute(same).As(weights, rows).Hex, weights, rows);
    }
}
