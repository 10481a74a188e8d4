using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Speculation;

/// <summary>Checkpoints keep embedding and head twice; memory need not.</summary>
public sealed class MtpWeightsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleansserve-mtp-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Load_EqualCopies_AreShared()
    {
        var weights = TestModel.TinyR1;
        Assert.Same(weights.Embedding, weights.Mtp!.Embedding);
        Assert.Same(weights.Head, weights.Mtp.Head);
    }

    [Theory]
    [InlineData("embed_tokens.weight", true)]
    [InlineData("shared_head.head.weight", false)]
    public void Load_CopyWithAnotherLastByte_IsAMatrixOfItsOwn(string part, bool embedding)
    {
        foreach (var file in Directory.EnumerateFiles(Repository.TinyR1))
        {
            File.Copy(file, Path.Combine(_folder.FullName, Path.GetFileName(file)));
        }

        TensorInfo info;
        using (var original = Checkpoint.Open(_folder.FullName))
        {
            info = original.Tensors[TensorNames.Layer(original.Config.NumHiddenLayers, part)];
        }

        using (var stream = File.Open(Path.Combine(_folder.FullName, info.File), FileMode.Open))
        {
            stream.Position = info.Offset + info.Length - 1;
            var last = stream.ReadByte();
            stream.Position--;
            stream.WriteByte((byte)(last ^ 1));
        }

        using var checkpoint = Checkpoint.Open(_folder.FullName);
        using var weights = ModelWeights.Load(checkpoint);
        Assert.Equal(!embedding, ReferenceEquals(weights.Embedding, weights.Mtp!.Embedding));
        Assert.Equal(embedding, ReferenceEquals(weights.Head, weights.Mtp.Head));
        Assert.NotEqual(Last(TestModel.TinyR1), Last(weights));

        float Last(ModelWeights of)
        {
            var columns = of.Config.HiddenSize;
            var x = new float[columns];
            x[^1] = 1;
            if (embedding)
            {
                of.Mtp!.Embedding.CopyRow(of.Config.VocabSize - 1, x);
                return x[^1];
            }

            var y = new float[4];
            of.Mtp!.Head.Multiply(x, columns, 1, of.Config.VocabSize - 4, 4, y, 4);
            return y[3];
        }
    }
}
