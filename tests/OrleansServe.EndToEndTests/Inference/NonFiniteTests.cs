using System.Buffers.Binary;
using System.Text.Json;
using Grpc.Core;
using OrleansServe.EndToEndTests.Support;
using OrleansServe.Protocol.V1;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.EndToEndTests.Inference;

/// <summary>A model with one poisoned token: its embedding is not a number. Requests that come across it end, the others do not notice.</summary>
public sealed class NonFiniteTests : IAsyncLifetime, IAsyncDisposable
{
    private const int Poison = 'Z';
    private readonly TemporaryFolder _folder = new();
    private ServerFixture _server = null!;

    public async Task InitializeAsync()
    {
        foreach (string file in Directory.EnumerateFiles(RepositoryPaths.TinyR1).Where(file => !file.EndsWith(".fingerprint.json", StringComparison.Ordinal)))
        {
            File.Copy(file, _folder.File(Path.GetFileName(file)));
        }

        PoisonEmbedding(_folder.File("model.safetensors"));
        _server = await ServerFixture.StartAsync(options => options with { Model = _folder.FullPath });
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Generate_PromptHasIt_EndsInternalAndNamesTheEmbedding(bool scored)
    {
        GenerateRequest request = Request([256, 97, Poison, 98]);
        request.Output.PromptLogprobs = scored;
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => Answer.ReadAsync(_server.Client.Generate(request)));

        Assert.Equal(StatusCode.Internal, error.StatusCode);
        Assert.Contains("numbers are not finite at position 2: the embedding produced them first", error.Status.Detail, StringComparison.Ordinal);
        await _server.WaitUntilIdleAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Generate_AnswerComesAcrossIt_EndsInternalAndNamesTheEmbedding(int samples)
    {
        GenerateRequest request = Request([256, 97, 98]);
        request.Sampling.LogitBias[Poison] = 100;
        request.Sampling.N = samples;
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => Answer.ReadAsync(_server.Client.Generate(request)));

        Assert.Equal(StatusCode.Internal, error.StatusCode);
        Assert.Contains("numbers are not finite at position 3: the embedding produced them first", error.Status.Detail, StringComparison.Ordinal);
        await _server.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Generate_OthersComeAcrossIt_GivesTheSameBits()
    {
        int[][] prompts = [.. Enumerable.Range(0, 6).Select(i => Enumerable.Range(0, 20 + (15 * i)).Select(j => 97 + (j * (i + 3) % 26)).ToArray())];
        List<Answer> alone = [];
        foreach (int[] prompt in prompts)
        {
            alone.Add(await Answer.ReadAsync(_server.Client.Generate(Healthy(prompt))));
        }

        Task<RpcException>[] poisoned = [.. Enumerable.Range(0, 12).Select(i => Assert.ThrowsAsync<RpcException>(() => Answer.ReadAsync(_server.Client.Generate(Poisoned(i)))))];
        Answer[] together = await Task.WhenAll(prompts.Select(prompt => Answer.ReadAsync(_server.Client.Generate(Healthy(prompt)))));

        Assert.All(await Task.WhenAll(poisoned), error => Assert.Equal(StatusCode.Internal, error.StatusCode));
        for (int i = 0; i < prompts.Length; i++)
        {
            Assert.Equal(alone[i].TokenIds, together[i].TokenIds);
            Assert.Equal(alone[i].LogprobBits, together[i].LogprobBits);
        }

        await _server.WaitUntilIdleAsync();
    }

    // Half of them in the prompt, half in the answer after some tokens.
    private static GenerateRequest Poisoned(int i)
    {
        GenerateRequest request = Request(i % 2 == 0 ? [256, 97 + i, Poison] : [256, 97 + i]);
        request.Sampling.LogitBias[Poison] = i % 2 == 0 ? 0 : 100;
        return request;
    }

    private static GenerateRequest Healthy(int[] prompt)
    {
        GenerateRequest request = Request(prompt);
        request.Sampling.LogitBias[Poison] = -100;
        return request;
    }

    private static GenerateRequest Request(int[] prompt) => new()
    {
        TokenIds = new TokenIds { Ids = { prompt } },
        Sampling = new SamplingOptions { Temperature = 0, MaxTokens = 30 },
        Stop = new StopOptions { IgnoreEos = true },
        Output = new OutputOptions { Logprobs = true, TopLogprobs = 2 },
    };

    // A safetensors file: eight bytes of header length, the header in JSON, the data; a row of bf16 for each token.
    private static void PoisonEmbedding(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, length));
        JsonElement tensor = header.RootElement.GetProperty("model.embed_tokens.weight");
        int width = tensor.GetProperty("shape")[1].GetInt32();
        int row = 8 + length + tensor.GetProperty("data_offsets")[0].GetInt32() + (Poison * width * sizeof(short));
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(row), 0x7FC0);
        File.WriteAllBytes(path, file);
    }
}
