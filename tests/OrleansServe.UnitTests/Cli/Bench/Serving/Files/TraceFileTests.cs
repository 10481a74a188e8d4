using System.IO.Compression;
using System.Text;
using OrleansServe.Cli.Bench.Serving.Files;
using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Cli.Client;
using OrleansServe.UnitTests.Model;
using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench.Serving.Files;

public sealed class TraceFileTests : IDisposable
{
    private const string Good = """{"timestamp": 5, "input_length": 600, "output_length": 3, "hash_ids": [1, 2]}""";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("trace.jsonl")]
    [InlineData("trace.jsonl.gz")]
    public void Read_GoodLines_AreRead(string name)
    {
        TraceEntry entry = Assert.Single(TraceFile.Read(Write(Good, name), null));

        Assert.Equal((5L, 600, 3), (entry.Milliseconds, entry.InputLength, entry.OutputLength));
        Assert.Equal([1L, 2], entry.HashIds);
    }

    [Fact]
    public void Read_TheFirstFew_NeedsNoMore() => Assert.Equal(2, TraceFile.Read(Write($"{Good}\r\n\n{Good}\nnonsense"), 2).Count);

    [Theory]
    [InlineData("""{"input_length": 600, "output_length": 3, "hash_ids": [1, 2]}""", "timestamp is missing")]
    [InlineData("""{"timestamp": -1, "input_length": 600, "output_length": 3, "hash_ids": [1, 2]}""", "timestamp must be an integer from 0 to 316224000000, is -1")]
    [InlineData("""{"timestamp": 1.5, "input_length": 600, "output_length": 3, "hash_ids": [1, 2]}""", "timestamp must be an integer from 0 to 316224000000, is 1.5")]
    [InlineData("""{"timestamp": 4, "input_length": 600, "output_length": 3, "hash_ids": [1, 2]}""", "timestamp must not be below the 5 of the line before it, is 4")]
    [InlineData("""{"timestamp": 6, "input_length": "600", "output_length": 3, "hash_ids": [1, 2]}""", "input_length must be an integer from 1 to 4194304, is \"600\"")]
    [InlineData("""{"timestamp": 6, "input_length": 99999999999999999999, "output_length": 3, "hash_ids": []}""", "input_length must be an integer from 1 to 4194304, is 99999999999999999999")]
    [InlineData("""{"timestamp": 6, "input_length": 600, "output_length": 0, "hash_ids": [1, 2]}""", "output_length must be an integer from 1 to 4194304, is 0")]
    [InlineData("""{"timestamp": 6, "input_length": 600, "output_length": 3}""", "hash_ids is missing")]
    [InlineData("""{"timestamp": 6, "input_length": 600, "output_length": 3, "hash_ids": {}}""", "hash_ids must be an array, is {}")]
    [InlineData("""{"timestamp": 6, "input_length": 600, "output_length": 3, "hash_ids": [1]}""", "hash_ids must have 2 ids, one for each 512 of 600 tokens, has 1")]
    [InlineData("""{"timestamp": 6, "input_length": 600, "output_length": 3, "hash_ids": [1, null]}""", "hash_ids[1] must be an integer from 0 to 9007199254740991, is null")]
    [InlineData("[]", "must be a JSON object, is of kind Array")]
    [InlineData("{", "is not JSON")]
    [InlineData("""{"timestamp": 6, "timestamp": 6, "input_length": 1, "output_length": 3, "hash_ids": [1]}""", "is not JSON")]
    [InlineData("\u0001", "is not JSON")]
    public void Read_WrongLine_NamesLineFieldAndValue(string line, string expected)
    {
        string path = Write($"{Good}\n{line}\n");

        CommandFailedException fault = Assert.Throws<CommandFailedException>(() => TraceFile.Read(path, null));

        Assert.StartsWith($"{path}:2: {expected}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TooFew_SaysHowMany()
    {
        CommandFailedException fault = Assert.Throws<CommandFailedException>(() => TraceFile.Read(Write(Good), 2));

        Assert.EndsWith("holds 1 requests, fewer than the 2 asked for", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n \n\t\n")]
    public void Read_Nothing_IsRefused(string content) => Assert.Throws<CommandFailedException>(() => TraceFile.Read(Write(content), null));

    [Fact]
    public void Read_BrokenGzip_IsOneLine()
    {
        string path = _folder.File("broken.jsonl.gz");
        File.WriteAllText(path, Good);

        CommandFailedException fault = Assert.Throws<CommandFailedException>(() => TraceFile.Read(path, null));

        Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LineWithoutEnd_IsStopped()
    {
        string path = _folder.File("endless.jsonl.gz");
        using (GZipStream stream = new(File.Create(path), CompressionLevel.Fastest))
        {
            byte[] blanks = new byte[1 << 20];
            Array.Fill(blanks, (byte)' ');
            for (int i = 0; i < 40; i++)
            {
                stream.Write(blanks);
            }
        }

        CommandFailedException fault = Assert.Throws<CommandFailedException>(() => TraceFile.Read(path, null));

        Assert.Equal($"{path}:1: a line has at most {LineReader.MostLineBytes} bytes, this one has more", fault.Message);
    }

    [Fact]
    public void Read_AnyBytes_FailsWithPathAndLineOrReads()
    {
        Random random = new(17);
        byte[] good = Encoding.UTF8.GetBytes($"{Good}\n{Good}\n{Good}\n");
        string path = _folder.File("fuzz.jsonl");
        for (int run = 0; run < 2000; run++)
        {
            byte[] bytes = [.. good];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(path, bytes);
            try
            {
                Assert.NotEmpty(TraceFile.Read(path, null));
            }
            catch (CommandFailedException fault)
            {
                Assert.Matches("^" + System.Text.RegularExpressions.Regex.Escape(path) + @":\d+: .+", fault.Message);
            }
        }
    }

    private string Write(string content, string name = "trace.jsonl")
    {
        string path = _folder.File(name);
        using Stream stream = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(File.Create(path), CompressionLevel.Fastest) : File.Create(path);
        stream.Write(Encoding.UTF8.GetBytes(content));
        return path;
    }
}
